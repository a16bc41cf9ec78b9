"""The console's first page: the panels that apps declare."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from accounts.access.decorators import admins_page
from accounts.access.requests import MemberRequest
from accounts.console.checklist import checklist
from accounts.console.panels import panels


@admins_page()
def overview(request: MemberRequest) -> HttpResponse:
    """Show each panel that has something to show."""
    contexts = ((panel, panel.context(request)) for panel in panels)
    shown = [(panel, context) for panel, context in contexts if context is not None]
    return render(request, "console/overview.html", {"panels": shown})


def next_steps(request: MemberRequest) -> Mapping[str, Any] | None:
    """Return the checklist's items, done ones included; None when all are done."""
    steps = [(item, item.is_done(request.user)) for item in checklist]
    done = sum(is_done for _item, is_done in steps)
    return {"steps": steps, "steps_done": done} if done < len(steps) else None
