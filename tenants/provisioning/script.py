"""The script of the running release: kept in public for all hosts, and read once a process."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from tasks.roles import DatabaseRole
from tasks.workspace import acting_as, public_context
from tenants.models import SchemaScript, new_schema_name
from tenants.provisioning.building import BuildError, build, replay
from tenants.provisioning.catalogue import NotRenderableError
from tenants.provisioning.comparison import differences
from tenants.provisioning.digest import forget as forget_content_types, release_digest
from tenants.provisioning.rendering import render

logger = logging.getLogger(__name__)

# So many releases keep theirs: while one follows another, both are at work.
KEPT = 5
# How long whoever finds none waits for somebody who is making it: migrating takes longer.
PATIENCE = "100ms"
# So many differences are told of a script that isn't good.
TOLD = 5
# A script that couldn't be made isn't tried again at each sign-up.
TRIED_AGAIN = 600.0
_failed_at: dict[str, float] = {}
_known: dict[str, list[str]] = {}
_making = threading.Lock()


def script_of(digest: str) -> list[str] | None:
    """Return a release's script; None where nobody has made it. Asked in public."""
    # Others may clear it between two looks.
    if statements := _known.get(digest):
        return statements
    found = SchemaScript.objects.filter(digest=digest).values_list("statements", flat=True)
    if statements := found.first():
        _known.clear()
        _known[digest] = statements
    return statements or None


def prepare() -> str | None:
    """Make the running release's script unless it is there. Return its digest, or None.

    In a transaction of its own. Of several who come at once one makes it, and the others do
    without. What stands against it is logged: real migrations need no script.
    """
    try:
        return _prepare()
    except BuildError:
        logger.exception("No schema can be made: sign-ups fail.")
        return None


def _prepare() -> str | None:
    with acting_as(DatabaseRole.SIGNUP), public_context():
        digest = release_digest()
        if script_of(digest):
            return digest
        if _has_just_failed(digest) or not _making.acquire(blocking=False):
            return None
        try:
            return digest if _try_to_make(digest) else None
        finally:
            _making.release()


def forget() -> None:
    """Read the script anew, and try once more to make one."""
    forget_content_types()
    _known.clear()
    _failed_at.clear()


def deploy() -> None:
    """Have the script ready, note that its release is the one to stay, and prune.

    Raises `BuildError` for a release whose migrations make no schema.
    """
    forget()
    digest = _prepare()
    with acting_as(DatabaseRole.MIGRATOR), public_context():
        SchemaScript.objects.filter(digest=digest).update(deployed_at=timezone.now())
    _prune()


def _prune() -> None:
    """Remove the scripts of releases long gone."""
    with acting_as(DatabaseRole.MIGRATOR), public_context():
        newest = SchemaScript.objects.order_by("-deployed_at").values_list("digest", flat=True)
        SchemaScript.objects.exclude(digest__in=list(newest[:KEPT])).delete()


def _has_just_failed(digest: str) -> bool:
    failed_at = _failed_at.get(digest)
    return failed_at is not None and time.monotonic() - failed_at < TRIED_AGAIN


def _try_to_make(digest: str) -> bool:
    try:
        with transaction.atomic():
            return _make(digest)
    except BuildError:
        _failed_at[digest] = time.monotonic()
        raise
    except (DatabaseError, NotRenderableError) as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return False  # Somebody else is at it.
        logger.exception("No script was made: sign-ups run the migrations, and take longer.")
        _failed_at[digest] = time.monotonic()
        return False


def _make(digest: str) -> bool:
    """Reserve the row, which those who come meanwhile run into, and fill it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
    row, is_ours = SchemaScript.objects.get_or_create(digest=digest)
    if is_ours:
        row.statements = _rendered()
        row.save(update_fields=["statements"])
    return True


def _rendered() -> list[str]:
    """Return a script, rendered from a schema that migrations have made and that is gone again.

    What it makes is what migrations make a second time: so it has left nothing out, and no
    migration has written what is meant for one tenant alone. Raises `NotRenderableError`.
    """
    migrated, replayed = new_schema_name(), new_schema_name()
    with _taken_back():
        build(migrated)
        script = render(migrated)
    with _taken_back():
        build(migrated)
        replay(replayed, script)
        if found := differences(migrated, replayed):
            raise NotRenderableError(" ".join(found[:TOLD]))
    return script


@contextmanager
def _taken_back() -> Iterator[None]:
    """Take back what the block makes in the database."""
    savepoint = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)
