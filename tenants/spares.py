"""Schemas that are ready for the next tenants: filled in the background, taken by a sign-up."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from tasks.roles import DatabaseRole
from tasks.workspace import acting_as, public_context
from tenants.errors import TenantBusyError
from tenants.models import SchemaScript, SpareSchema, Tenant
from tenants.provisioning.building import replay
from tenants.provisioning.digest import release_digest
from tenants.schemas import drop_schema

logger = logging.getLogger(__name__)

# In this time one network takes half of the pool at most: what it opens beyond is replayed.
SHARE_OF = timedelta(hours=1)
# What making one may take: some hundredths of a second, on a busy machine some tenths.
PATIENCE = "5s"


def names() -> list[str]:
    """Return the schemas that are ready, of whichever release. Asked in public."""
    return list(SpareSchema.objects.order_by("schema_name").values_list("schema_name", flat=True))


@dataclass(frozen=True)
class Pool:
    """How the pool stands, for operators. `others` are made for other releases than the running."""

    ready: int
    others: int
    target: int
    filled_at: datetime | None
    has_script: bool

    @property
    def is_short(self) -> bool:
        """Whether somebody may come and find none, though there should be some."""
        return self.ready == 0 < self.target


def pool() -> Pool:
    """Return how the pool stands. Asked in public, as an operator."""
    digest = release_digest()
    ours = SchemaScript.objects.filter(digest=digest).exclude(statements=[]).first()
    ready = SpareSchema.objects.made_for(digest).count()
    others = SpareSchema.objects.exclude(digest=digest).count()
    filled_at = ours.filled_at if ours else None
    return Pool(ready, others, settings.SPARE_SCHEMAS, filled_at, has_script=ours is not None)


def claim(*, digest: str | None) -> str | None:
    """Take a schema that is ready for a release, in the caller's transaction.

    Waits for nobody: None when there is none. A rollback gives it back, and nobody else can
    take it until the caller's transaction ends.
    """
    return None if digest is None else SpareSchema.objects.claim(digest)


def has_share(*, origin: str) -> bool:
    """Whether a network, as its keyed hash, has not had its share of the pool yet."""
    if not settings.RATE_LIMITS or not settings.SPARE_SCHEMAS:
        return bool(settings.SPARE_SCHEMAS)
    since = timezone.now() - SHARE_OF
    taken = Tenant.objects.opened_from(origin, since).count()
    share: int = max(1, settings.SPARE_SCHEMAS // 2)
    return taken < share


def fill() -> int:
    """Make as many as are missing, each in a transaction of its own. Return how many.

    Whoever comes while somebody else makes one leaves it to them. Nothing is made for a
    release that has no script, and for one that another has followed.
    """
    made = 0
    while made < settings.SPARE_SCHEMAS and _made_one():
        made += 1
    return made


def drop_old() -> int:
    """Drop those of releases that the running one has followed, and what is beyond the target.

    Each in a transaction of its own. Return how many. One that somebody reads, as a backup does,
    is left for the next time, with those behind it: new ones are wanted more.
    """
    dropped = 0
    try:
        while _dropped_one():
            dropped += 1
    except TenantBusyError:
        logger.warning("A spare schema that is to go is in use: it is dropped later.")
    return dropped


def forget(*, schema_name: str) -> None:
    """Delete the row of one whose schema is gone."""
    with acting_as(DatabaseRole.SIGNUP, within=public_context()):
        SpareSchema.objects.filter(schema_name=schema_name).delete()


def _made_one() -> bool:
    """Make one unless there are enough.

    The release's row is locked meanwhile, which no sign-up asks for: it counts for all who fill.
    """
    signup = acting_as(DatabaseRole.SIGNUP, within=public_context())
    with signup, transaction.atomic(durable=True):
        digest = release_digest()
        release = SchemaScript.objects.select_for_update(skip_locked=True).filter(digest=digest)
        if (ours := release.exclude(statements=[]).first()) is None or _is_followed(ours):
            return False
        if SpareSchema.objects.made_for(digest).count() >= settings.SPARE_SCHEMAS:
            return False
        _be_brief()
        ours.filled_at = timezone.now()
        ours.save(update_fields=["filled_at"])
        replay(SpareSchema.objects.create(digest=digest).schema_name, ours.statements)
        return True


def _be_brief() -> None:
    """Have PostgreSQL end the transaction of whoever makes a schema and stops in the middle.

    Nobody else fills the pool as long as it has locked the release's row.
    """
    patience = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    wanted = ", ".join(f"set_config('{name}', '{PATIENCE}', true)" for name in patience)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {wanted}")


def _dropped_one() -> bool:
    migrator = acting_as(DatabaseRole.MIGRATOR, within=public_context())
    with migrator, transaction.atomic(durable=True):
        digest = release_digest()
        ours = SchemaScript.objects.filter(digest=digest).first()
        if ours is None or _is_followed(ours):
            return False
        if (old := _old_one(digest)) is None:
            return False
        SpareSchema.objects.filter(pk=old.pk).delete()
        drop_schema(schema_name=old.schema_name)
        return True


def _old_one(digest: str) -> SpareSchema | None:
    if old := SpareSchema.objects.exclude(digest=digest).in_turn().first():
        return old
    ours = SpareSchema.objects.made_for(digest)
    return ours.in_turn().first() if ours.count() > settings.SPARE_SCHEMAS else None


def _is_followed(release: SchemaScript) -> bool:
    """Whether another release was deployed after this one: it is on its way out."""
    return SchemaScript.objects.filter(deployed_at__gt=release.deployed_at).exists()
