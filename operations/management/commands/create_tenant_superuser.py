"""django-tenants' create_tenant_superuser, closed."""

from operations.management.base import ClosedCommand


class Command(ClosedCommand):
    instead = "the console's invitations, or open_tenant"
