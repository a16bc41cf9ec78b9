"""Hosts: each tenant has its own below the base domain, and a primary one, used in links."""

from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat, Lower

from operations.doctor.findings import Finding
from tenancy.context import public_context
from tenants.models import Domain, Tenant


def tenants_without_host() -> list[Finding]:
    with public_context():
        owned = Domain.objects.filter(tenant=OuterRef("pk"), domain=OuterRef("own"))
        found = []
        for tenant in _without(owned):
            holder = Domain.objects.select_related("tenant").filter(domain=tenant.host).first()
            if holder:
                finding = Finding(
                    f"The host {tenant.host} leads to {holder.tenant.slug} instead of "
                    f"{tenant.slug}.",
                    "find out whose it is, and change the row by hand",
                )
            else:
                finding = Finding(
                    f"The tenant {tenant.slug} can't be reached: no row leads from {tenant.host} "
                    "to it.",
                    "add the row",
                    partial(_add_host, tenant),
                )
            found.append(finding)
        return found


def tenants_without_primary() -> list[Finding]:
    with public_context():
        primary = Domain.objects.filter(tenant=OuterRef("pk"), is_primary=True)
        return [
            Finding(
                f"No host of {tenant.slug} is the primary one, which links lead to.",
                f"make {tenant.host} the primary one",
                partial(_make_primary, tenant),
            )
            for tenant in _without(primary)
        ]


def _without(domains: "QuerySet[Domain]") -> "QuerySet[Tenant]":
    """Return the tenants with none of these domains, in one statement: a consistent read."""
    own = Concat(Lower("slug"), Value(f".{settings.BASE_DOMAIN}"))
    return Tenant.objects.annotate(own=own).filter(~Exists(domains)).order_by("slug")


def _add_host(tenant: Tenant) -> None:
    with public_context(), transaction.atomic():
        has_primary = tenant.domains.filter(is_primary=True).exists()
        Domain.objects.create(domain=tenant.host, tenant=tenant, is_primary=not has_primary)


def _make_primary(tenant: Tenant) -> None:
    with public_context(), transaction.atomic():
        own, _made = Domain.objects.get_or_create(
            domain=tenant.host, tenant=tenant, defaults={"is_primary": False}
        )
        own.is_primary = True
        own.save(update_fields=["is_primary"])
