"""The members' panels of the console's first page."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from django.utils import timezone

from accounts.access.requests import MemberRequest
from accounts.invitations.models import Invitation
from accounts.members import charts
from accounts.users.models import Role, User

RECENT = 5


def counts(_request: MemberRequest) -> Mapping[str, Any]:
    """Return the numbers of members by standing and role, and of those invited."""
    standing = User.objects.count_by_standing()
    return {
        "standing": standing,
        "roles": [(label, standing[value]) for value, label in Role.choices],
        "invited": Invitation.objects.valid(timezone.now()).count(),
    }


def joined(_request: MemberRequest) -> Mapping[str, Any]:
    """Return the chart of members by the week in which they joined."""
    today = timezone.localdate()
    since = datetime.combine(charts.first_monday(today), time.min, timezone.get_current_timezone())
    by_week = User.objects.joined_since(since).count_by_week()
    return {"chart": charts.weekly(by_week, today=today)}


def recent(_request: MemberRequest) -> Mapping[str, Any]:
    """Return the members that joined last."""
    return {"recent": User.objects.select_related("profile").order_by("-joined_at", "id")[:RECENT]}
