"""The running release's snapshot: stored in public for all hosts, read once per process."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from tenancy import timeouts
from tenancy.context import database_role, public_context
from tenancy.models import SchemaSnapshot, new_schema_name
from tenancy.provisioning.building import BuildError, build, replay
from tenancy.provisioning.catalogue import NotRenderableError
from tenancy.provisioning.comparison import differences
from tenancy.provisioning.fingerprint import forget as forget_content_types, release_digest
from tenancy.provisioning.rendering import render
from tenancy.roles import MIGRATOR, schema_creator
from tenancy.timeouts import DatabaseTimeouts

logger = logging.getLogger(__name__)

# How many releases keep their snapshots: during a deployment, two run at once.
SNAPSHOTS_KEPT = 5
# How many seconds a process without a snapshot waits for another that makes it: less than it takes.
LOCK_TIMEOUT = DatabaseTimeouts(lock=0.1)
# How many differences of a failed snapshot are reported.
MAX_REPORTED = 5
# Seconds before another attempt after a snapshot couldn't be made.
SECONDS_BETWEEN_ATTEMPTS = 600.0
_failed_at: dict[str, float] = {}
_known: dict[str, list[str]] = {}
_making = threading.Lock()


def snapshot_of(digest: str) -> list[str] | None:
    """Return a release's snapshot; None if it hasn't been made. Call it in public."""
    # Another thread may clear the dict between two look-ups.
    if statements := _known.get(digest):
        return statements
    found = SchemaSnapshot.objects.filter(digest=digest).values_list("statements", flat=True)
    if statements := found.first():
        _known.clear()
        _known[digest] = statements
    return statements or None


def prepare() -> str | None:
    """Make the running release's snapshot unless it exists. Return its digest, or None.

    In a transaction of its own. Of concurrent calls one makes it, and the others return None.
    Errors are logged: real migrations need no snapshot.
    """
    try:
        return _prepare()
    except BuildError:
        logger.exception("No schema can be made: sign-ups fail.")
        return None


def _prepare() -> str | None:
    with database_role(schema_creator()), public_context():
        digest = release_digest()
        if snapshot_of(digest):
            return digest
        failed_at = _failed_at.get(digest, float("-inf"))
        has_just_failed = time.monotonic() - failed_at < SECONDS_BETWEEN_ATTEMPTS
        if has_just_failed or not _making.acquire(blocking=False):
            return None
        try:
            with transaction.atomic():
                _make(digest)
        except (BuildError, DatabaseError, NotRenderableError) as error:
            if isinstance(error.__cause__, LockNotAvailable):
                return None  # Another process is making it.
            _failed_at[digest] = time.monotonic()
            if isinstance(error, BuildError):
                raise
            logger.exception("No script was made: sign-ups run the migrations, and take longer.")
            return None
        else:
            return digest
        finally:
            _making.release()


def forget() -> None:
    """Clear the caches, and allow another attempt to make a snapshot."""
    forget_content_types()
    _known.clear()
    _failed_at.clear()


def deploy() -> None:
    """Make the snapshot, mark its release as the latest deployed, and delete old snapshots.

    Those of the `SNAPSHOTS_KEPT` latest releases stay. Raises `BuildError` for a release that can't
    create a schema.
    """
    forget()
    digest = _prepare()
    with database_role(MIGRATOR), public_context():
        SchemaSnapshot.objects.filter(digest=digest).update(deployed_at=timezone.now())
        newest = SchemaSnapshot.objects.order_by("-deployed_at").values_list("digest", flat=True)
        SchemaSnapshot.objects.exclude(digest__in=list(newest[:SNAPSHOTS_KEPT])).delete()


def _make(digest: str) -> None:
    """Insert the row, for which concurrent attempts wait for `LOCK_TIMEOUT`, and fill it."""
    timeouts.set_local(LOCK_TIMEOUT)
    row, is_ours = SchemaSnapshot.objects.get_or_create(digest=digest)
    if is_ours:
        row.statements = _rendered()
        row.save(update_fields=["statements"])


def _rendered() -> list[str]:
    """Return the statements rendered from a schema that the migrations create, then roll back.

    Replaying them gives the same as a second run of the migrations: so nothing is left out, and no
    migration writes data for one tenant only. Raises `NotRenderableError`.
    """
    migrated, replayed = new_schema_name(), new_schema_name()
    with _rolled_back():
        build(migrated)
        script = render(migrated)
    with _rolled_back():
        build(migrated)
        replay(replayed, script)
        if found := differences(migrated, replayed):
            raise NotRenderableError(" ".join(found[:MAX_REPORTED]))
    return script


@contextmanager
def _rolled_back() -> Iterator[None]:
    """Roll back what the block does in the database."""
    savepoint = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)
