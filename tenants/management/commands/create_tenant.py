"""django-tenants' create_tenant, closed."""

from tenants.management.base import ClosedCommand


class Command(ClosedCommand):
    instead = "open_tenant"
