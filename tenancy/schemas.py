"""Creates and drops tenants' schemas."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection
from django_tenants.utils import quote_schema_name
from psycopg import errors

from tenancy import timeouts
from tenancy.context import database_role, public_context
from tenancy.errors import SchemaBusyError
from tenancy.postgresql.statements import execute, rows
from tenancy.provisioning.building import build, migrate, replay
from tenancy.provisioning.fingerprint import release_digest
from tenancy.provisioning.snapshots import snapshot_of
from tenancy.roles import MIGRATOR, schema_creator
from tenancy.timeouts import DatabaseTimeouts

logger = logging.getLogger(__name__)

# The prefix of `models.new_schema_name`: no other schema in the database has it.
PREFIX = "t_"
# A drop waits for transactions that use the schema, and later queries queue up behind it.
DROP_TIMEOUTS = DatabaseTimeouts(lock=5)


def create_schema(*, schema_name: str) -> None:
    """Create the schema and all its tables, in the caller's transaction.

    Replays the release's snapshot, or runs the real migrations while there is none. When the
    transaction rolls back, so does the schema.
    """
    with database_role(schema_creator()), public_context():
        take_time()
        if script := snapshot_of(release_digest()):
            try:
                replay(schema_name, script)
            except OperationalError:
                raise  # The database is away, or a timeout has expired.
            except DatabaseError:
                # A snapshot that fails must not stop sign-ups: the migrations create the same.
                logger.exception("The script failed: the migrations are run instead.")
            else:
                return
        build(schema_name)


def migrate_schema(*, schema_name: str) -> None:
    """Run the migrations that a schema lacks. Idempotent."""
    with database_role(MIGRATOR), public_context():
        migrate(schema_name)


def drop_schema(*, schema_name: str) -> None:
    """Drop a tenant's schema with everything in it, in the caller's transaction.

    Idempotent. It locks each table and index, some four hundred: drop one schema per transaction.
    Raises `SchemaBusyError` when another transaction uses it, `ValueError` if it is no tenant's.
    """
    if not schema_name.startswith(PREFIX):
        raise ValueError(f"{schema_name} is no tenant's schema.")
    with database_role(MIGRATOR), public_context(), _without_waiting_long():
        take_time()
        timeouts.set_local(DROP_TIMEOUTS)
        execute([f"DROP SCHEMA IF EXISTS {quote_schema_name(schema_name)} CASCADE"])


def tenant_schemas() -> set[str]:
    """Return all tenants' schemas in the database, also those without a tenant's row."""
    query = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)"
    with public_context():
        return {name for (name,) in rows(query, [PREFIX])}


def missing_tables(*, schema_name: str, tables: list[str]) -> list[str]:
    """Return which of these tables a schema lacks."""
    query = (
        "SELECT name FROM unnest(%s::text[]) AS name"
        " WHERE to_regclass(quote_ident(%s) || '.' || quote_ident(name)) IS NULL"
    )
    with database_role(MIGRATOR), public_context():
        return [name for (name,) in rows(query, [tables, schema_name])]


def may_drop(*, schema_name: str) -> bool:
    """Whether MIGRATOR has the rights of the schema's owner. True if there is no such schema."""
    query = "SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = %s"
    with database_role(MIGRATOR), public_context():
        return rows(query, [schema_name]) in ([], [(True,)])


@contextmanager
def _without_waiting_long() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected):
            raise SchemaBusyError from error
        raise


def take_time() -> None:
    """Set the longer timeouts for DDL on hundreds of relations, for the rest of the transaction."""
    timeouts.set_local(settings.DDL_TIMEOUTS)
    wrapper: Any = connection
    wrapper.take_time(settings.DDL_TIMEOUTS.statement)
