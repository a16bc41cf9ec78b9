"""Locks: one worker per schema, with any number of workers and hosts.

A worker locks the first row of the schema's own `django_migrations`. Only migrations use that
table, so no request waits for the lock. It ends with its transaction: a killed worker leaves none.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from django.db import Error, connection

from tenancy.errors import SchemaLockedError, SchemaMigrationError
from tenancy.postgresql.statements import execute_together
from tenancy.roles import MIGRATOR
from tenancy.schema_migrations.targets import SchemaTarget, records_of
from tenancy.timeouts import DatabaseTimeouts

LOCK = """
    SELECT count(*) FROM (SELECT 1 FROM {records} WHERE id =
        (SELECT min(id) FROM {records}) FOR UPDATE SKIP LOCKED) AS first
"""
# A separate statement, which sees what the previous holder of the lock has committed.
RECORDED = "SELECT app || '.' || name FROM {records}"


def timeouts_of_step(timeouts: DatabaseTimeouts, *, is_quick: bool) -> str:
    """Return the statement that sets the timeouts until the transaction ends.

    Steps that aren't quick change rows, which block no request: their statements have no timeout.
    """
    return (timeouts if is_quick else replace(timeouts, statement=0)).as_statement()


def lock(
    schema: SchemaTarget, timeouts: DatabaseTimeouts, *, is_quick: bool = True, using: Any = None
) -> frozenset[str]:
    """Lock the schema for the transaction, and return which migrations it has recorded.

    Called in its context. Raises `SchemaLockedError` when another worker has locked it, and
    `SchemaMigrationError` when it has recorded no migration.
    """
    records = records_of(schema.schema_name)
    queries = [each.format(records=records) for each in (LOCK, RECORDED)]
    limits = timeouts_of_step(timeouts, is_quick=is_quick)
    _, [(is_locked,)], rows = execute_together([limits, *queries], using)
    recorded = frozenset(name for (name,) in rows)
    if not recorded:
        raise SchemaMigrationError(
            f"{schema.schema_name} has recorded no migration: it was never created completely."
        )
    if not is_locked:
        raise SchemaLockedError
    return recorded


@contextmanager
def locked_beside(schema: SchemaTarget, timeouts: DatabaseTimeouts) -> Iterator[frozenset[str]]:
    """Lock the schema on a second connection, for work that is no single transaction."""
    with beside(schema) as other:
        yield lock(schema, timeouts, using=other)


@contextmanager
def beside(tenant: Any) -> Iterator[Any]:
    """Open a transaction in the tenant's context on a second connection, to hold locks."""
    other: Any = connection.copy()
    try:
        with other.database_role(MIGRATOR):
            other.set_tenant(tenant)
            other.set_autocommit(False)
            yield other
    finally:
        # The server confirms a rollback, unlike a close: the next lock may follow at once.
        with suppress(Error):
            other.rollback()
        other.close()
