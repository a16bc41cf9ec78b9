"""The pool of schemas for the next tenants: filled in the background, claimed by a sign-up."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenancy import timeouts
from tenancy.context import database_role, public_context
from tenancy.errors import SchemaBusyError
from tenancy.models import PooledSchema, SchemaSnapshot
from tenancy.provisioning.building import replay
from tenancy.provisioning.fingerprint import release_digest
from tenancy.roles import MIGRATOR, schema_creator
from tenancy.schemas import drop_schema
from tenancy.timeouts import DatabaseTimeouts

logger = logging.getLogger(__name__)

# For making one schema, which takes some hundredths of a second; on a busy machine some tenths.
# PostgreSQL ends the transaction of a process that hangs: until then no other one fills the pool.
FILL_TIMEOUTS = DatabaseTimeouts(statement=5, lock=5, idle_in_transaction=5)


def names() -> list[str]:
    """Return the ready schemas of all releases. Call it in public."""
    return list(PooledSchema.objects.order_by("schema_name").values_list("schema_name", flat=True))


@dataclass(frozen=True)
class Pool:
    """The pool's state, for operators. `others` are made for releases other than the running."""

    ready: int
    others: int
    target: int
    filled_at: datetime | None
    has_script: bool

    @property
    def is_short(self) -> bool:
        """Whether the pool is empty, though its target isn't zero."""
        return self.ready == 0 < self.target


def pool() -> Pool:
    """Return the pool's state. Call it in public, as an operator."""
    digest = release_digest()
    ours = SchemaSnapshot.objects.filter(digest=digest).exclude(statements=[]).first()
    ready = PooledSchema.objects.made_for(digest).count()
    others = PooledSchema.objects.exclude(digest=digest).count()
    filled_at = ours.filled_at if ours else None
    return Pool(ready, others, settings.SCHEMA_POOL_SIZE, filled_at, has_script=ours is not None)


def claim(*, digest: str | None) -> str | None:
    """Claim a schema that is ready for a release, in the caller's transaction.

    Never waits for a lock: None when there is none. A rollback returns it, and no other transaction
    can claim it until the caller's ends.
    """
    return None if digest is None else PooledSchema.objects.claim(digest)


def fill() -> int:
    """Make as many as are missing, each in its own transaction. Return how many.

    Stops when another process is making one. Makes nothing for a release without a snapshot, or
    when another release was deployed after it.
    """
    made = 0
    while made < settings.SCHEMA_POOL_SIZE and _make_one():
        made += 1
    return made


def drop_old() -> int:
    """Drop schemas of releases older than the running one, and those beyond the target.

    Each in its own transaction. Return how many. One that is in use, as by a backup, ends the run:
    it and the ones after it are left for the next run, as making new ones matters more.
    """
    dropped = 0
    try:
        while _drop_one():
            dropped += 1
    except SchemaBusyError:
        logger.warning("A spare schema that is to go is in use: it is dropped later.")
    return dropped


def forget(*, schema_name: str) -> None:
    """Delete the row of a schema that is gone."""
    with database_role(schema_creator(), within=public_context()):
        PooledSchema.objects.filter(schema_name=schema_name).delete()


def _make_one() -> bool:
    """Make one unless there are enough.

    Locks the release's row, which sign-ups don't lock: the lock excludes other processes that fill.
    """
    signup = database_role(schema_creator(), within=public_context())
    with signup, transaction.atomic(durable=True):
        digest = release_digest()
        release = SchemaSnapshot.objects.select_for_update(skip_locked=True).filter(digest=digest)
        if (ours := release.exclude(statements=[]).first()) is None or _is_followed(ours):
            return False
        if PooledSchema.objects.made_for(digest).count() >= settings.SCHEMA_POOL_SIZE:
            return False
        timeouts.set_local(FILL_TIMEOUTS)
        ours.filled_at = timezone.now()
        ours.save(update_fields=["filled_at"])
        replay(PooledSchema.objects.create(digest=digest).schema_name, ours.statements)
        return True


def _drop_one() -> bool:
    migrator = database_role(MIGRATOR, within=public_context())
    with migrator, transaction.atomic(durable=True):
        digest = release_digest()
        ours = SchemaSnapshot.objects.filter(digest=digest).first()
        if ours is None or _is_followed(ours):
            return False
        old = PooledSchema.objects.exclude(digest=digest).oldest_first().first()
        same = PooledSchema.objects.made_for(digest)
        if old is None and same.count() > settings.SCHEMA_POOL_SIZE:
            old = same.oldest_first().first()
        if old is None:
            return False
        PooledSchema.objects.filter(pk=old.pk).delete()
        drop_schema(schema_name=old.schema_name)
        return True


def _is_followed(release: SchemaSnapshot) -> bool:
    """Whether another release was deployed after this one."""
    return SchemaSnapshot.objects.filter(deployed_at__gt=release.deployed_at).exists()
