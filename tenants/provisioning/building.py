"""The two ways to a tenant's schema: by real migrations, and by replaying a script."""

import re
from collections.abc import Iterable

from django.core.management import call_command
from django.db import connection, transaction
from django_tenants.utils import quote_schema_name

from tenants import privileges
from tenants.provisioning.catalogue import alone_in

# As the renderer writes it.
MAKES_TABLE = re.compile('CREATE TABLE "([^"]+)" ')


def migrate(schema_name: str) -> None:
    """Run the migrations that a schema lacks."""
    call_command("migrate_schemas", schema_name=schema_name, interactive=False, verbosity=0)


def build(schema_name: str) -> None:
    """Create a schema by real migrations, in the caller's transaction; or leave nothing."""
    with transaction.atomic():
        _create(schema_name)
        migrate(schema_name)


def replay(schema_name: str, script: Iterable[str]) -> None:
    """Create a schema by a script, in the caller's transaction; or leave nothing.

    One round trip for all of it. Raises what the database says of the statement that failed.
    """
    script = list(script)
    granting = privileges.tenant_statements(schema_name, _tables_of(script))
    with transaction.atomic():
        _create(schema_name)
        # Without public: a table that the script lacks must not turn out to be public's.
        with alone_in(schema_name) as here:
            here.pipeline([*script, *granting])


def _tables_of(script: list[str]) -> list[str]:
    """Return the tables that a script makes: PostgreSQL would look for them among everybody's."""
    made = (MAKES_TABLE.match(statement) for statement in script)
    return [found[1] for found in made if found]


def _create(schema_name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {quote_schema_name(schema_name)}")
