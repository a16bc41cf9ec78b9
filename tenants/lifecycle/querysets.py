"""QuerySets of quarantined subdomains."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import QuerySet

if TYPE_CHECKING:
    from tenants.lifecycle.models import QuarantinedSubdomain


class QuarantinedSubdomainQuerySet(QuerySet["QuarantinedSubdomain"]):
    """Subdomains in quarantine, and those past it."""

    def resting(self, now: datetime) -> Self:
        return self.filter(until__gt=now)

    def rested(self, now: datetime) -> Self:
        return self.filter(until__lte=now)
