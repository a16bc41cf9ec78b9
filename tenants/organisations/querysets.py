"""QuerySets of tenants."""

from datetime import datetime
from typing import TYPE_CHECKING, Self
from unicodedata import normalize
from uuid import UUID

from django.apps import apps
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower, Mod

from tasks.models import ScheduledRun

if TYPE_CHECKING:
    from tenants.organisations.models import Tenant


class TenantQuerySet(QuerySet["Tenant"]):
    """Tenants by state and origin."""

    def open(self) -> Self:
        return self.filter(status="active")

    def suspended(self) -> Self:
        return self.filter(status="suspended")

    def canaries(self) -> Self:
        """Tenants that operators want migrated first."""
        return self.filter(is_canary=True)

    def unverified(self) -> Self:
        """Tenants without an owner known to have confirmed an address."""
        return self.filter(verified_at__isnull=True)

    def named(self, *slugs: str) -> Self:
        """The holders of names in lower case, by the unique index on `Lower("slug")`."""
        return self.alias(lowered=Lower("slug")).filter(lowered__in=slugs)

    def named_or_opened_by(self, slug: str, idempotency_key: UUID | None) -> Self:
        """The holder of a name, and the tenant of a form's key: by their unique indexes."""
        if idempotency_key is None:
            return self.named(slug)
        lowered = self.alias(lowered=Lower("slug"))
        return lowered.filter(Q(lowered=slug) | Q(idempotency_key=idempotency_key))

    def opened_from(self, origin: str, since: datetime) -> Self:
        """Unconfirmed tenants that were opened from an origin, which is a keyed hash."""
        return self.unverified().filter(opened_from=origin, created_at__gt=since)

    def due_to_go(self, now: datetime, opened_before: datetime) -> Self:
        """Unverified tenants that are due for their notice or deletion."""
        is_due = Q(deletion_due_at__isnull=True, created_at__lte=opened_before) | Q(
            deletion_due_at__lte=now
        )
        return self.unverified().filter(is_due)

    def in_part(self, part: int, parts: int) -> Self:
        """Tenants of one part: each tenant belongs to one of `parts`."""
        return self.annotate(part=Mod("pk", parts)).filter(part=part)

    def without_run_of(self, schedule: str) -> Self:
        """Tenants that have no row for a schedule, by its name."""
        planned = ScheduledRun.objects.filter(name=schedule).values("schema_name")
        return self.exclude(schema_name__in=planned)

    def search(self, words: str) -> Self:
        typed = normalize("NFC", words)
        return self.filter(Q(name__icontains=typed) | Q(slug__icontains=typed))

    def with_people_count(self) -> Self:
        """Each with `people_count`, from the directory: no schema is queried."""
        entries = apps.get_model("tenants", "DirectoryEntry").objects.order_by()
        of_tenant = entries.filter(schema_name=OuterRef("schema_name")).values("schema_name")
        counted = of_tenant.annotate(count=Count("pk")).values("count")
        return self.annotate(people_count=Coalesce(Subquery(counted), 0))

    def with_primary_domain(self) -> Self:
        """Each with `primary_domain`, the host in links; None where there is none."""
        domains = apps.get_model("tenants", "Domain").objects.order_by()
        primary = domains.filter(tenant=OuterRef("pk"), is_primary=True).values("domain")
        return self.annotate(primary_domain=Subquery(primary[:1]))
