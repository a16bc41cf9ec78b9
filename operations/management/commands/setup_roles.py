"""Create the database roles, on the server and with the login of `DATABASE_ADMIN_URL`."""

from collections.abc import Iterable
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from django_tenants.utils import get_public_schema_name
from psycopg import sql

from operations.management.base import ServiceCommand
from tenancy import privileges
from tenancy.roles import MIGRATOR, all_roles

SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%' ORDER BY nspname"
HINT = "DATABASE_ADMIN_URL has to name the service's database, and a role that may create roles."
OWNS_SOMETHING = """
    SELECT EXISTS (SELECT FROM pg_class WHERE relowner = %s::regrole)
        OR EXISTS (SELECT FROM pg_namespace WHERE nspowner = %s::regrole)
"""
COLUMNS = """
    SELECT relname || '.' || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = %s AND attnum > 0
"""


class Command(ServiceCommand):
    """Idempotent; run again for new tables, to which it also grants the privileges."""

    help = "Make the database roles and their privileges. Needs DATABASE_ADMIN_URL."
    requires_system_checks: list[str] = []

    def handle(self, *_: Any, **options: Any) -> None:
        if not settings.DATABASE_ADMIN_URL:
            raise CommandError(HINT)
        try:
            with psycopg.connect(settings.DATABASE_ADMIN_URL, autocommit=True) as server:
                self._set_up(server)
        except psycopg.Error as error:
            raise CommandError(
                f"The roles could not be made: {str(error).strip()}. {HINT}"
            ) from error

    def _set_up(self, server: "psycopg.Connection[Any]") -> None:
        _run(server, privileges.role_statements())
        _run(server, privileges.database_statements(server.info.dbname))
        _run(server, privileges.schema_statements())
        login = privileges.login()
        found = server.execute(OWNS_SOMETHING, [login, login]).fetchone()
        if found and found[0]:
            # From before the roles existed.
            self.say(f"Reassigning what {login} owns to the migrator.")
            migrator = privileges.named(MIGRATOR)
            server.execute(f'REASSIGN OWNED BY "{login}" TO {migrator}'.encode())
        # If the migrations are still to run, they grant the privileges on tables at their end.
        columns = server.execute(COLUMNS, [get_public_schema_name()]).fetchall()
        if {name for (name,) in columns} >= privileges.public_columns():
            _run(server, privileges.public_statements())
        for (schema_name,) in server.execute(SCHEMAS).fetchall():
            with server.transaction():
                _run(server, privileges.tenant_statements(schema_name))
        self.stdout.write(f"{len(all_roles())} roles are ready for {server.info.dbname}.")


def _run(server: "psycopg.Connection[Any]", statements: Iterable[str]) -> None:
    for statement in statements:
        server.execute(sql.SQL(statement))
