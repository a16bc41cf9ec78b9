"""Changes of a tenant's own settings."""

from django.db import transaction

from tasks import schedules
from tenancy.context import workspace_context
from tenants.organisations.models import Tenant


def change(*, tenant: Tenant, name: str, language: str, time_zone: str) -> None:
    """Give a tenant another name, language and time zone. Its subdomain and schema stay.

    The next run of each schedule moves to the new time zone.
    """
    has_moved = time_zone != tenant.time_zone
    with workspace_context(tenant), transaction.atomic():
        tenant.name, tenant.language, tenant.time_zone = name, language, time_zone
        tenant.save(update_fields=["name", "language", "time_zone"])
        if has_moved:
            schedules.replan()
