"""Making a tenant's schema, and dropping it. The one place that knows how."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection
from django_tenants.utils import quote_schema_name
from psycopg import errors

from tasks.roles import DatabaseRole
from tasks.workspace import acting_as, public_context
from tenants.errors import TenantBusyError
from tenants.provisioning.building import build, migrate, replay
from tenants.provisioning.digest import release_digest
from tenants.provisioning.script import script_of

logger = logging.getLogger(__name__)

# What `models.new_schema_name` begins with: nothing else in the database does.
PREFIX = "t_"
# How long a drop waits for whoever is at work in the schema. Everybody who comes meanwhile
# queues up behind it.
PATIENCE = "5s"


def create_schema(*, schema_name: str) -> None:
    """Create the schema and all its tables, in the caller's transaction.

    Replays the release's script, or runs the real migrations while there is none. When the
    transaction rolls back, so does the schema.
    """
    with acting_as(DatabaseRole.SIGNUP), public_context():
        take_time()
        if not _is_replayed(schema_name):
            build(schema_name)


def migrate_schema(*, schema_name: str) -> None:
    """Run the migrations that a schema lacks. May be run twice."""
    with acting_as(DatabaseRole.MIGRATOR), public_context():
        migrate(schema_name)


def _is_replayed(schema_name: str) -> bool:
    """Replay the script where there is one. Return whether the schema is there now.

    A script that fails must not close the sign-up: what migrations make is right as well.
    """
    if not (script := script_of(release_digest())):
        return False
    try:
        replay(schema_name, script)
    except OperationalError:
        raise  # The database is away, or somebody has waited too long.
    except DatabaseError:
        logger.exception("The script failed: the migrations are run instead.")
        return False
    return True


def drop_schema(*, schema_name: str) -> None:
    """Drop a tenant's schema with all that is in it, in the caller's transaction.

    Does nothing where there is none. It takes a lock for each table and index, some four
    hundred: one schema a transaction. Raises `TenantBusyError` when somebody is at work in
    it, and `ValueError` for a schema that is no tenant's.
    """
    if not schema_name.startswith(PREFIX):
        raise ValueError(f"{schema_name} is no tenant's schema.")
    owner = acting_as(DatabaseRole.MIGRATOR)
    with owner, public_context(), connection.cursor() as cursor, _without_waiting_long():
        take_time()
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        cursor.execute(f"DROP SCHEMA IF EXISTS {quote_schema_name(schema_name)} CASCADE")


def tenant_schemas() -> set[str]:
    """Return the tenants' schemas that are in the database, whoever they belong to."""
    with public_context(), connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", [PREFIX])
        return {name for (name,) in cursor.fetchall()}


def missing_tables(*, schema_name: str, tables: list[str]) -> list[str]:
    """Return which of these tables a schema lacks."""
    owner = acting_as(DatabaseRole.MIGRATOR)
    with owner, public_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) AS name"
            " WHERE to_regclass(quote_ident(%s) || '.' || quote_ident(name)) IS NULL",
            [tables, schema_name],
        )
        return [name for (name,) in cursor.fetchall()]


def may_drop(*, schema_name: str) -> bool:
    """Whether the database lets us: a schema is dropped by who owns it."""
    owner = acting_as(DatabaseRole.MIGRATOR)
    with owner, public_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = %s",
            [schema_name],
        )
        row = cursor.fetchone()
    return row is None or bool(row[0])


@contextmanager
def _without_waiting_long() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected):
            raise TenantBusyError from error
        raise


def take_time() -> None:
    """Give the rest of the transaction the patience that hundreds of relations need."""
    wanted = settings.DDL_PATIENCE.items()
    settings_of = ", ".join(f"set_config('{name}', '{seconds}s', true)" for name, seconds in wanted)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {settings_of}")
    wrapper: Any = connection
    wrapper.take_time(settings.DDL_PATIENCE["statement_timeout"])
