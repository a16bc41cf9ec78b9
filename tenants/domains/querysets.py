"""QuerySets of hosts."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

if TYPE_CHECKING:
    from tenants.domains.models import Domain


class DomainQuerySet(QuerySet["Domain"]):
    """Hosts of tenants."""

    def create_first(self, **fields: Any) -> "Domain":
        """Create the host of a new tenant: there is no other primary domain to demote.

        Runs in the caller's transaction, which an error ends.
        """
        domain = self.model(is_primary=True, **fields)
        domain.save_base(force_insert=True)
        return domain
