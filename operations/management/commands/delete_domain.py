"""django-tenants' delete_domain, closed."""

from operations.management.base import ClosedCommand


class Command(ClosedCommand):
    instead = "suspend_tenant, which closes a tenant's hosts"
