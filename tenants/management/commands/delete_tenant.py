"""django-tenants' delete_tenant, closed."""

from tenants.management.base import ClosedCommand


class Command(ClosedCommand):
    instead = "suspend_tenant"
