"""Queries on the pool of schemas."""

from typing import TYPE_CHECKING, Self

from django.db.models import QuerySet

if TYPE_CHECKING:
    from tenancy.models import PooledSchema

CLAIM = """
    DELETE FROM tenancy_pooledschema WHERE schema_name = (
        SELECT schema_name FROM tenancy_pooledschema WHERE digest = %s
        ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING schema_name, digest, created_at
"""


class PooledSchemaQuerySet(QuerySet["PooledSchema"]):
    """Ready schemas, by the release that they are made for."""

    def made_for(self, digest: str) -> Self:
        return self.filter(digest=digest)

    def claim(self, digest: str) -> str | None:
        """Delete the oldest unlocked row of a release, and return its schema, or None.

        A single statement, which never waits for a lock.
        """
        return next((row.schema_name for row in self.raw(CLAIM, [digest])), None)

    def oldest_first(self) -> Self:
        """Return the rows that no other transaction has locked, locked now, the oldest first."""
        return self.select_for_update(skip_locked=True).order_by("created_at")
