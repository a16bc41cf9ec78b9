"""Request types with our middlewares' attributes, and the body size that a view accepts."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.users.models import User
from tenancy.context import Workspace


class TenantRequest(HttpRequest):
    """A request on a known host: `workspace` is None on the base host."""

    workspace: Workspace | None
    htmx: HtmxDetails


class MemberRequest(TenantRequest):
    """A request of a signed-in user, as views behind an access check get it."""

    user: User


View = TypeVar("View", bound=Callable[..., Any])


def takes_bodies_up_to(size: int) -> Callable[[View], View]:
    """Let a view accept a larger body than others, from signed-in users."""

    def mark(view: View) -> View:
        view.room_for_body = size  # type: ignore[attr-defined]  # Ours.
        return view

    return mark


def room_for_body(view: Any) -> int:
    """Return how many bytes of body a view declares to accept; 0 without a declaration."""
    return int(getattr(view, "room_for_body", 0))
