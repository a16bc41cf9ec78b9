"""django-tenants' rename_schema, closed."""

from operations.management.base import ClosedCommand


class Command(ClosedCommand):
    instead = "the console's settings: a tenant's name is no schema's"
