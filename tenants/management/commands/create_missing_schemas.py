"""django-tenants' create_missing_schemas, closed."""

from tenants.management.base import ClosedCommand


class Command(ClosedCommand):
    instead = "migrate_schemas"
