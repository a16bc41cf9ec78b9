"""Claims: one worker per schema, with any number of workers and hosts.

The claim locks the first row of the schema's own `django_migrations`. Only migrations use that
table, so no request waits for a claim. It ends with its transaction: a killed worker leaves none.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.db import Error, connection

from tenancy.roles import MIGRATOR
from tenancy.schema_migrations.errors import SchemaLockedError, SchemaMigrationError
from tenancy.schema_migrations.sql import at_once
from tenancy.schema_migrations.targets import SchemaTarget, records_of

CLAIM = """
    SELECT count(*) FROM (SELECT 1 FROM {records} WHERE id =
        (SELECT min(id) FROM {records}) FOR UPDATE SKIP LOCKED) AS first
"""
# A separate statement, which sees what the previous holder of the claim has committed.
NOTED = "SELECT app || '.' || name FROM {records}"


@dataclass(frozen=True)
class Deadlines:
    """How many seconds a step waits for a lock, and how long one of its statements may take.

    Queries on the table queue behind it meanwhile: the sum is the longest wait of a request.
    """

    lock: float = 1.0
    statement: float = 2.0

    def limits(self, *, is_quick: bool) -> str:
        """Return the statement that sets the timeouts until the transaction ends.

        Steps that aren't quick change rows, which block no request: their statements have no
        timeout.
        """
        lock, statement = round(1000 * self.lock), round(1000 * self.statement * is_quick)
        return (
            f"SELECT pg_catalog.set_config('lock_timeout', '{lock}ms', true),"
            f" pg_catalog.set_config('statement_timeout', '{statement}ms', true)"
        )


def claim(
    member: SchemaTarget, deadlines: Deadlines, *, is_quick: bool = True, using: Any = None
) -> frozenset[str]:
    """Claim the schema for the transaction, and return which migrations it has recorded.

    Called in its context. Raises `SchemaLockedError` when another worker has claimed it, and
    `SchemaMigrationError` when it has recorded no migration.
    """
    records = records_of(member.schema_name)
    questions = [each.format(records=records) for each in (CLAIM, NOTED)]
    limits = deadlines.limits(is_quick=is_quick)
    _, [(is_ours,)], found = at_once([limits, *questions], using)
    noted = frozenset(name for (name,) in found)
    if not noted:
        raise SchemaMigrationError(
            f"{member.schema_name} has noted no migration: nobody made it whole."
        )
    if not is_ours:
        raise SchemaLockedError
    return noted


@contextmanager
def held_beside(member: SchemaTarget, deadlines: Deadlines) -> Iterator[frozenset[str]]:
    """Claim the schema on a second connection, for work that is no single transaction."""
    with beside(member) as other:
        yield claim(member, deadlines, using=other)


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
        # The server confirms a rollback, unlike a close: the next claim may follow at once.
        with suppress(Error):
            other.rollback()
        other.close()
