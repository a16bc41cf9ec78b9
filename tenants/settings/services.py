"""Changes of a tenant's own settings."""

from tenancy.context import workspace_context
from tenants.organisations.models import Tenant


def rename(*, tenant: Tenant, name: str, language: str) -> None:
    """Give a tenant another name and language. Its subdomain and schema stay."""
    with workspace_context(tenant):
        tenant.name, tenant.language = name, language
        tenant.save(update_fields=["name", "language"])
