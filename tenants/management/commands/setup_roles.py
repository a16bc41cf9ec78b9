"""Make the database roles, on whichever server: `DATABASE_ADMIN_URL` names who may."""

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from django_tenants.utils import get_public_schema_name
from psycopg import sql

from tasks.roles import DatabaseRole
from tenants import privileges
from tenants.management.base import ServiceCommand

SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%' ORDER BY nspname"
HINT = "DATABASE_ADMIN_URL has to name the service's database, and somebody who may create roles."
OWNS_SOMETHING = """
    SELECT EXISTS (SELECT FROM pg_class WHERE relowner = %s::regrole)
        OR EXISTS (SELECT FROM pg_namespace WHERE nspowner = %s::regrole)
"""
COLUMNS = """
    SELECT relname || '.' || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = %s AND attnum > 0
"""


class Command(ServiceCommand):
    """May be run again, and is: it also gives new tables their privileges."""

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
        self._hand_over(server)
        _run(server, _known_tables(server))
        for (schema_name,) in server.execute(SCHEMAS).fetchall():
            with server.transaction():
                _run(server, privileges.tenant_statements(schema_name))
        self.stdout.write(f"{len(DatabaseRole)} roles are ready for {server.info.dbname}.")

    def _hand_over(self, server: "psycopg.Connection[Any]") -> None:
        """Take from the login what it owns from before there were roles."""
        login = privileges.login()
        found = server.execute(OWNS_SOMETHING, [login, login]).fetchone()
        if found and found[0]:
            migrator = privileges.named(DatabaseRole.MIGRATOR)
            self.say(f"What {login} owned goes to the migrator.")
            server.execute(f'REASSIGN OWNED BY "{login}" TO {migrator}'.encode())


def _known_tables(server: "psycopg.Connection[Any]") -> Iterator[str]:
    """Yield what concerns public's tables, if the release's migrations have made them all.

    Otherwise these are to come, and end by giving the privileges themselves.
    """
    found = server.execute(COLUMNS, [get_public_schema_name()]).fetchall()
    if {name for (name,) in found} >= privileges.public_columns():
        yield from privileges.public_statements()


def _run(server: "psycopg.Connection[Any]", statements: Iterable[str]) -> None:
    for statement in statements:
        server.execute(sql.SQL(statement))
