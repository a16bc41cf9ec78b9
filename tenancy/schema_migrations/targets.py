"""The schemas to migrate, the revisions in their rows, and the migrations they have recorded.

TENANT_MODEL has the fields `schema_name`, `slug`, `created_at` and `revision`, and a queryset with
the method `canaries`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import ProgrammingError, connection
from django.db.models import Q
from django_tenants.utils import get_tenant_model, quote_schema_name

from tenancy.context import public_context
from tenancy.postgresql import statements
from tenancy.revisions import Revision
from tenancy.tables import MIGRATIONS

# How many schemas one query reads: each costs a lock while it runs.
CHUNK = 200
RECORDING = """
    SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relname = %s
"""
RECORDED = "SELECT %s, array(SELECT app || '.' || name FROM {})"
SET_REVISION = "UPDATE {table} SET revision = %s WHERE schema_name = %s"


@dataclass(frozen=True)
class SchemaTarget:
    """One schema to migrate, with its row's revision. Takes the tenant's place in a context."""

    schema_name: str
    name: str
    revision: Revision


def all_targets() -> list[SchemaTarget]:
    """Return all tenants' schemas, the oldest first."""
    return list(_found(Q()))


def named(schema_name: str) -> list[SchemaTarget]:
    """Return the schema with this name: one or none."""
    return list(_found(Q(schema_name=schema_name)))


def behind(revision: Revision) -> list[SchemaTarget]:
    """Return the schemas with another revision in their row."""
    return list(_found(~Q(revision=str(revision))))


def _found(only: Q) -> Iterator[SchemaTarget]:
    with public_context():
        rows = get_tenant_model().objects.filter(only).order_by("created_at", "pk")
        for schema_name, name, text in rows.values_list("schema_name", "slug", "revision"):
            yield SchemaTarget(schema_name, name, Revision.parse(text))


def canaries(count: int) -> list[SchemaTarget]:
    """Return the canaries: those of CANARY_TENANTS, then the marked ones, then the oldest.

    `count` in all, or more where more of them are named or marked.
    """
    if not count:
        return []
    # A separate query: plans may run on older shared tables.
    with public_context():
        marked = get_tenant_model().objects.canaries().order_by("created_at", "pk")
        first = dict.fromkeys([*settings.CANARY_TENANTS, *marked.values_list("slug", flat=True)])
    places = {slug: place for place, slug in enumerate(first)}
    ranked = sorted(all_targets(), key=lambda schema: places.get(schema.name, len(places)))
    return ranked[: max(count, sum(schema.name in places for schema in ranked))]


def exists(schema: SchemaTarget) -> bool:
    """Whether the row still exists: a tenant may be deleted during the run."""
    return bool(named(schema.schema_name))


def set_revision(schema: SchemaTarget, revision: Revision | None) -> str:
    """Return the statement that writes the schema's revision to its row; None empties it."""
    table = connection.ops.quote_name(get_tenant_model()._meta.db_table)  # noqa: SLF001  # Its public name.
    values = [str(revision or ""), schema.schema_name]
    return statements.composed(SET_REVISION.format(table=table), values)


def recorded_migrations(schemas: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the migrations that each schema has recorded, as `app.name`. Skips missing schemas."""
    found: dict[str, frozenset[str]] = {}
    with public_context():
        existing = sorted(_recording() & set(schemas))
        try:
            for start in range(0, len(existing), CHUNK):
                chunk = existing[start : start + CHUNK]
                query = " UNION ALL ".join(RECORDED.format(records_of(name)) for name in chunk)
                found |= {name: frozenset(each) for name, each in statements.rows(query, chunk)}
        except ProgrammingError:
            left = _recording() & set(existing)
            if len(left) == len(existing):
                raise
            # A schema was dropped in between.
            return recorded_migrations(list(left))
    return found


def _recording() -> set[str]:
    return {name for (name,) in statements.rows(RECORDING, [MIGRATIONS])}


def records_of(schema_name: str) -> str:
    """Return the qualified name of a schema's own list, which can't resolve to public's."""
    return f"{quote_schema_name(schema_name)}.{MIGRATIONS}"
