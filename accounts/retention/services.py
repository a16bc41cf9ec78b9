"""Deletion of expired rows in one tenant, or in public, so that the tables stay bounded."""

from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.handoffs.models import Handoff
from accounts.invitations.models import Invitation

BATCH = 1000
# A session and its entry in the user's list are written separately: allow for the gap.
JUST_MADE = timedelta(days=1)


def prune(*, grace: timedelta = timedelta()) -> int:
    """Delete rows that ended in the current schema at least `grace` ago. Return how many.

    Each batch is a transaction of its own, and may run beside another.
    """
    removed = 0
    for rows in outlived(grace=grace).values():
        while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
            batch = rows.model._default_manager.filter(pk__in=keys)  # noqa: SLF001  # Its public name.
            removed += batch.delete()[0]
    return removed


def outlived(*, grace: timedelta = timedelta()) -> dict[str, "QuerySet[Any]"]:
    """Return the rows that ended at least `grace` ago, by kind."""
    now = timezone.now() - grace
    kept_since = now - timedelta(days=settings.INVITATIONS_KEPT_DAYS)
    over = (
        Q(accepted_at__lt=kept_since) | Q(revoked_at__lt=kept_since) | Q(expires_at__lt=kept_since)
    )
    listed = UserSession.objects.filter(last_seen_at__lt=now - JUST_MADE)
    return {
        "sessions": Session.objects.filter(expire_date__lt=now),
        "entries of ended sessions": listed.exclude(session_key__in=Session.objects.values("pk")),
        "handoffs": Handoff.objects.filter(expires_at__lt=now),
        "invitations": Invitation.objects.filter(over),
    }
