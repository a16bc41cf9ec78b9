"""The operators' console at `/operator/`: tenants, outbox and operators."""

from operations.admin import domains, operators, outbox, records, tenants
from operations.admin.site import site

__all__ = ["domains", "operators", "outbox", "records", "site", "tenants"]
