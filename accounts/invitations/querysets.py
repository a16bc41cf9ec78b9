"""QuerySets of invitations."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import QuerySet

if TYPE_CHECKING:
    from accounts.invitations.models import Invitation


class InvitationQuerySet(QuerySet["Invitation"]):
    """Invitations by state."""

    def open(self) -> Self:
        """Neither accepted nor revoked; may have expired, and can be sent again."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True)

    def valid(self, now: datetime) -> Self:
        return self.open().filter(expires_at__gt=now)

    def search(self, words: str) -> Self:
        """Invitations with every word in their address."""
        found = self
        for word in words.split():
            found = found.filter(email__icontains=word)
        return found
