"""The operators' console at `/operator/`: what runs the service, and who."""

from tenants.admin import domains, operators, outbox, records, tenants
from tenants.admin.site import site

__all__ = ["domains", "operators", "outbox", "records", "site", "tenants"]
