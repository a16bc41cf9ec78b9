"""Public's own migrations, and the privileges on its tables: skipped when nothing has changed."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from django_tenants.utils import get_public_schema_name

from tasks.roles import DatabaseRole
from tasks.workspace import Shared
from tenants import privileges, revisions
from tenants.fleet import roster
from tenants.fleet.claims import beside
from tenants.fleet.queue import PAUSE, back_off
from tenants.fleet.runner import is_passing
from tenants.fleet.sending import at_once

logger = logging.getLogger(__name__)

SAID = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s"
# Its transaction stays idle for as long as migrations take.
STAY = "SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true)"
# Asked again and again: who waited in the database would keep a concurrent index waiting.
CLAIM = "SELECT pg_catalog.pg_try_advisory_xact_lock(7311405968)"


def is_up_to_date() -> bool:
    """Whether public has had all migrations, and today's privileges."""
    public = get_public_schema_name()
    noted = roster.migrations_of([public]).get(public, frozenset())
    with connection.cursor() as cursor:
        cursor.execute(SAID, [public])
        row = cursor.fetchone()
    return revisions.on_disk() <= noted and row == (_said(),)


@contextmanager
def claimed() -> Iterator[None]:
    """Keep other processes from public for the block, after waiting for the one that has it.

    By an advisory lock: a database that is still empty has no row to lock.
    """
    with beside(Shared(DatabaseRole.MIGRATOR)) as other:
        is_told = False
        while at_once([STAY, CLAIM], other)[-1] != [(True,)]:
            if not is_told:
                logger.warning("Another process is migrating the shared tables: waiting for it.")
            is_told = True
            time.sleep(PAUSE)
        yield


def bring_up_to_date(migrate: Callable[[], None], *, attempts: int) -> None:
    """Call `migrate`, again where somebody was in its way, and say on the schema what it has."""
    for attempt in range(1, attempts + 1):
        try:
            migrate()
        except OperationalError as error:
            if attempt == attempts or not is_passing(error):
                raise
            logger.warning("Public is in use: trying again.")
            time.sleep(back_off(attempt))
        else:
            break
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON SCHEMA {get_public_schema_name()} IS '{_said()}'")


def _said() -> str:
    """Return what stands on the schema: a digest of the privileges that it was given."""
    statements = "\n".join(privileges.public_statements())
    return f"privileges {hashlib.sha256(statements.encode()).hexdigest()[: revisions.LENGTH]}"
