"""Questions about tenants and their directory."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.apps import apps
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower, Mod

if TYPE_CHECKING:
    from tenants.models import DirectoryEntry, Domain, RestingName, SpareSchema, Tenant

CLAIM = """
    DELETE FROM tenants_spareschema WHERE schema_name = (
        SELECT schema_name FROM tenants_spareschema WHERE digest = %s
        ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING schema_name, digest, created_at
"""


class TenantQuerySet(QuerySet["Tenant"]):
    """Tenants, by what they are."""

    def open(self) -> Self:
        return self.filter(status="active")

    def suspended(self) -> Self:
        return self.filter(status="suspended")

    def canaries(self) -> Self:
        """Those that operators want migrated first."""
        return self.filter(is_canary=True)

    def unverified(self) -> Self:
        """Those of which no owner is known to have confirmed an address."""
        return self.filter(verified_at__isnull=True)

    def named(self, *slugs: str) -> Self:
        """The holders of names, in small letters: by the index that has them so."""
        return self.alias(lowered=Lower("slug")).filter(lowered__in=slugs)

    def named_or_opened_by(self, slug: str, opening_key: UUID | None) -> Self:
        """The holder of a name, and whom a form has opened: by their unique indexes."""
        if opening_key is None:
            return self.named(slug)
        lowered = self.alias(lowered=Lower("slug"))
        return lowered.filter(Q(lowered=slug) | Q(opening_key=opening_key))

    def opened_from(self, origin: str, since: datetime) -> Self:
        """Those that were opened from somewhere, as a keyed hash, and aren't confirmed."""
        return self.unverified().filter(opened_from=origin, created_at__gt=since)

    def due_to_go(self, now: datetime, opened_before: datetime) -> Self:
        """Unverified ones whose notice or end has come."""
        is_due = Q(closes_at__isnull=True, created_at__lte=opened_before) | Q(closes_at__lte=now)
        return self.unverified().filter(is_due)

    def in_turn(self, turn: int, turns: int) -> Self:
        """Those whose turn it is, of so many: each has one."""
        return self.annotate(turn=Mod("pk", turns)).filter(turn=turn)

    def search(self, words: str) -> Self:
        return self.filter(Q(name__icontains=words) | Q(slug__icontains=words))

    def with_people_count(self) -> Self:
        """Each with `people_count`, from the directory: no schema is touched."""
        entries = apps.get_model("tenants", "DirectoryEntry").objects.order_by()
        of_tenant = entries.filter(schema_name=OuterRef("schema_name")).values("schema_name")
        counted = of_tenant.annotate(count=Count("pk")).values("count")
        return self.annotate(people_count=Coalesce(Subquery(counted), 0))

    def with_primary_domain(self) -> Self:
        """Each with `primary_domain`, the host that links lead to; None where there is none."""
        domains = apps.get_model("tenants", "Domain").objects.order_by()
        primary = domains.filter(tenant=OuterRef("pk"), is_primary=True).values("domain")
        return self.annotate(primary_domain=Subquery(primary[:1]))


class DomainQuerySet(QuerySet["Domain"]):
    """Hosts."""

    def create_first(self, **fields: Any) -> "Domain":
        """Create the host of a tenant that was made just now: there is no other to demote.

        In the caller's transaction, which a failure ends.
        """
        domain = self.model(is_primary=True, **fields)
        domain.save_base(force_insert=True)
        return domain


class RestingNameQuerySet(QuerySet["RestingName"]):
    """Subdomains that nobody can have yet."""

    def resting(self, now: datetime) -> Self:
        return self.filter(until__gt=now)

    def rested(self, now: datetime) -> Self:
        return self.filter(until__lte=now)


class SpareSchemaQuerySet(QuerySet["SpareSchema"]):
    """Schemas that are ready, by the release that they are made for."""

    def made_for(self, digest: str) -> Self:
        return self.filter(digest=digest)

    def claim(self, digest: str) -> str | None:
        """Delete the oldest for a release that nobody is taking, and return its schema.

        In one statement, and waiting for nobody. None where there is none.
        """
        return next((row.schema_name for row in self.raw(CLAIM, [digest])), None)

    def in_turn(self) -> Self:
        """Those that nobody is taking at this moment, locked, the oldest first."""
        return self.select_for_update(skip_locked=True).order_by("created_at")


class DirectoryQuerySet(QuerySet["DirectoryEntry"]):
    """Who has an account where."""

    def schemas_of(self, address_hash: str) -> "QuerySet[DirectoryEntry, str]":
        """Return the schemas in which an address signs in, to be asked within a question.

        By itself an empty list would save the next question: time would tell who is known.
        """
        return self.filter(address_hash=address_hash).values_list("schema_name", flat=True)
