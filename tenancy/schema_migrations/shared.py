"""Migrates public, and grants privileges on its tables; skipped when nothing has changed."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError
from django_tenants.utils import get_public_schema_name

from tenancy import privileges, revisions
from tenancy.context import Shared
from tenancy.postgresql.statements import execute, execute_together, rows
from tenancy.roles import MIGRATOR
from tenancy.schema_migrations import targets
from tenancy.schema_migrations.locks import beside
from tenancy.schema_migrations.runner import SECONDS_BETWEEN_QUERIES, back_off, is_passing
from tenancy.timeouts import DatabaseTimeouts

logger = logging.getLogger(__name__)

COMMENT = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s"
# The lock's transaction stays idle for as long as migrations take.
UNLIMITED = DatabaseTimeouts(idle_in_transaction=0)
# Polled: a session waiting in the database would block CREATE INDEX CONCURRENTLY.
LOCK = "SELECT pg_catalog.pg_try_advisory_xact_lock(7311405968)"


def is_up_to_date() -> bool:
    """Whether public has had all migrations, and today's privileges."""
    public = get_public_schema_name()
    recorded = targets.recorded_migrations([public]).get(public, frozenset())
    return revisions.on_disk() <= recorded and rows(COMMENT, [public]) == [(_comment(),)]


@contextmanager
def locked() -> Iterator[None]:
    """Keep other processes from migrating public for the block, after waiting for one that does.

    By an advisory lock: a database that is still empty has no row to lock.
    """
    with beside(Shared(MIGRATOR)) as other:
        is_logged = False
        while execute_together([UNLIMITED.as_statement(), LOCK], other)[-1] != [(True,)]:
            if not is_logged:
                logger.warning("Another process is migrating the shared tables: waiting for it.")
            is_logged = True
            time.sleep(SECONDS_BETWEEN_QUERIES)
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
    execute([f"COMMENT ON SCHEMA {get_public_schema_name()} IS '{_comment()}'"])


def _comment() -> str:
    """Return the schema's comment: a digest of the privileges that were granted."""
    statements = "\n".join(privileges.public_statements())
    return f"privileges {hashlib.sha256(statements.encode()).hexdigest()[: revisions.LENGTH]}"
