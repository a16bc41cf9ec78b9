"""The console's first page: the workspace at a glance."""

from datetime import datetime, time
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.console import charts
from accounts.console.checklist import next_steps
from accounts.console.filters import DELIVERIES, DELIVERY_NAMES
from accounts.console.pages import reading
from accounts.models import Invitation, Role, User
from accounts.requests import MemberRequest
from tasks.models import Message
from tenancy.context import current_schema

RECENT = 5


@reading
def overview(request: MemberRequest) -> HttpResponse:
    """Show counts, members by week of joining, onboarding messages by state, and next steps."""
    standing = User.objects.count_by_standing()
    steps = next_steps(request.user, people=standing["active"] + standing["deactivated"])
    context = {
        "standing": standing,
        "roles": [(value, label, standing[value]) for value, label in Role.choices],
        "invited": Invitation.objects.valid(timezone.now()).count(),
        "chart": _joined(),
        "deliveries": _deliveries(),
        "steps": steps,
        "steps_done": sum(step.is_done for step in steps),
        "recent": User.objects.select_related("profile").order_by("-joined_at", "id")[:RECENT],
    }
    return render(request, "console/overview.html", context)


def _joined() -> charts.Chart:
    today = timezone.localdate()
    since = datetime.combine(charts.first_monday(today), time.min, timezone.get_current_timezone())
    return charts.weekly(User.objects.joined_since(since).count_by_week(), today=today)


def _deliveries() -> list[dict[str, Any]]:
    """Return the number of onboarding messages by state, with the filter that lists them."""
    counts = Message.objects.of_schema(current_schema()).onboarding().count_by_state()
    return [
        {"state": state, "name": name, "count": sum(counts[part] for part in DELIVERIES[state])}
        for state, name in DELIVERY_NAMES
    ]
