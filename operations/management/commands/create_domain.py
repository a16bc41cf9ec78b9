"""django-tenants' create_domain, closed."""

from operations.management.base import ClosedCommand


class Command(ClosedCommand):
    instead = "open_tenant, which gives a tenant its host"
