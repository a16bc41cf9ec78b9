"""Claims: one worker a schema, however many there are, on however many hosts.

The lock is on the first row of the schema's own list of migrations. Nobody but migrations looks
there, so no request waits for a claim, however long one lasts. It ends with its transaction: a
worker that is killed leaves none.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.db import Error, connection

from tasks.roles import DatabaseRole
from tenants.fleet.errors import ClaimedError, FleetError
from tenants.fleet.roster import Member, records_of
from tenants.fleet.sending import at_once

CLAIM = """
    SELECT count(*) FROM (SELECT 1 FROM {records} WHERE id =
        (SELECT min(id) FROM {records}) FOR UPDATE SKIP LOCKED) AS first
"""
# In a statement of its own, which sees what the last holder of the claim has done.
NOTED = "SELECT app || '.' || name FROM {records}"


@dataclass(frozen=True)
class Patience:
    """How many seconds a step waits for a lock, and how long one of its statements may take.

    Whoever asks for a table meanwhile waits behind it: together they are the longest wait of
    a request.
    """

    lock: float = 1.0
    statement: float = 2.0

    def limits(self, *, is_quick: bool) -> str:
        """Return the statement that sets them until the transaction ends.

        What isn't quick is about rows, which nobody else waits for: its statements take their
        time.
        """
        lock, statement = round(1000 * self.lock), round(1000 * self.statement * is_quick)
        return (
            f"SELECT pg_catalog.set_config('lock_timeout', '{lock}ms', true),"
            f" pg_catalog.set_config('statement_timeout', '{statement}ms', true)"
        )


def claim(
    member: Member, patience: Patience, *, is_quick: bool = True, using: Any = None
) -> frozenset[str]:
    """Claim the schema for the transaction, and return which migrations it has noted.

    Called in its context. Raises `ClaimedError` when somebody else is at it.
    """
    records = records_of(member.schema_name)
    questions = [each.format(records=records) for each in (CLAIM, NOTED)]
    limits = patience.limits(is_quick=is_quick)
    _, [(is_ours,)], found = at_once([limits, *questions], using)
    noted = frozenset(name for (name,) in found)
    if not noted:
        raise FleetError(f"{member.schema_name} has noted no migration: nobody made it whole.")
    if not is_ours:
        raise ClaimedError
    return noted


@contextmanager
def held_beside(member: Member, patience: Patience) -> Iterator[frozenset[str]]:
    """Claim the schema on a connection beside, for work that is no single transaction."""
    with beside(member) as other:
        yield claim(member, patience, using=other)


@contextmanager
def beside(tenant: Any) -> Iterator[Any]:
    """Open a transaction in the tenant's context on a connection beside, for what it holds."""
    other: Any = connection.copy()
    try:
        with other.acting_as(DatabaseRole.MIGRATOR.value):
            other.set_tenant(tenant)
            other.set_autocommit(False)
            yield other
    finally:
        # Waited for, unlike the end of a connection: the next claim comes at once.
        with suppress(Error):
            other.rollback()
        other.close()
