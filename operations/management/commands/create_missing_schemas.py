"""django-tenants' create_missing_schemas, closed."""

from operations.management.base import ClosedCommand


class Command(ClosedCommand):
    instead = "migrate_schemas"
