"""What our middlewares put on a request, for those who read it."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from tasks.workspace import Workspace


class TenantRequest(HttpRequest):
    """A request on a known host: `workspace` is None on the base host."""

    workspace: Workspace | None
    htmx: HtmxDetails


class MemberRequest(TenantRequest):
    """A request of somebody who is signed in, as views behind a guard get it."""

    user: User


View = TypeVar("View", bound=Callable[..., Any])


def takes_bodies_up_to(size: int) -> Callable[[View], View]:
    """Let a view take a larger body than others, from people who are signed in."""

    def mark(view: View) -> View:
        view.room_for_body = size  # type: ignore[attr-defined]  # Ours.
        return view

    return mark


def room_for_body(view: Any) -> int:
    """Return how many bytes a view said that it takes; 0 for one that said nothing."""
    return int(getattr(view, "room_for_body", 0))
