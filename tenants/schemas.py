"""Making a tenant's schema. The one place that knows how."""

from django.core.management import call_command
from django.db import connection, transaction
from django_tenants.utils import quote_schema_name

from tasks.workspace import public_context


def create_schema(*, schema_name: str) -> None:
    """Create the schema and all its tables, in the caller's transaction.

    Runs the real migrations. When the transaction rolls back, so does the schema.
    """
    with public_context(), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {quote_schema_name(schema_name)}")
        with transaction.atomic():
            call_command("migrate_schemas", schema_name=schema_name, interactive=False, verbosity=0)
