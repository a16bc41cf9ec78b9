"""Migrates public, and grants privileges on its tables; skipped when nothing has changed."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from django_tenants.utils import get_public_schema_name

from tenancy import privileges, revisions
from tenancy.context import Shared
from tenancy.roles import MIGRATOR
from tenancy.schema_migrations import targets
from tenancy.schema_migrations.locks import beside
from tenancy.schema_migrations.queue import PAUSE, back_off
from tenancy.schema_migrations.runner import is_passing
from tenancy.schema_migrations.sql import at_once

logger = logging.getLogger(__name__)

SAID = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s"
# Its transaction stays idle for as long as migrations take.
STAY = "SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true)"
# Polled: a session waiting in the database would block CREATE INDEX CONCURRENTLY.
CLAIM = "SELECT pg_catalog.pg_try_advisory_xact_lock(7311405968)"


def is_up_to_date() -> bool:
    """Whether public has had all migrations, and today's privileges."""
    public = get_public_schema_name()
    noted = targets.migrations_of([public]).get(public, frozenset())
    with connection.cursor() as cursor:
        cursor.execute(SAID, [public])
        row = cursor.fetchone()
    return revisions.on_disk() <= noted and row == (_said(),)


@contextmanager
def claimed() -> Iterator[None]:
    """Keep other processes from migrating public for the block, after waiting for one that does.

    By an advisory lock: a database that is still empty has no row to lock.
    """
    with beside(Shared(MIGRATOR)) as other:
        is_told = False
        while at_once([STAY, CLAIM], other)[-1] != [(True,)]:
            if not is_told:
                logger.warning("Another process is migrating the shared tables: waiting for it.")
            is_told = True
            time.sleep(PAUSE)
        yield


def bring_up_to_date(migrate: Callable[[], None], *, attempts: int) -> None:
    """Call `migrate`, retry after conflicts, and record the privileges in the schema's comment."""
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
    """Return the schema's comment: a digest of the privileges that were granted."""
    statements = "\n".join(privileges.public_statements())
    return f"privileges {hashlib.sha256(statements.encode()).hexdigest()[: revisions.LENGTH]}"
