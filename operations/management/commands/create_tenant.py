"""django-tenants' create_tenant, closed."""

from operations.management.base import ClosedCommand


class Command(ClosedCommand):
    instead = "open_tenant"
