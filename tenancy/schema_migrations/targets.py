"""The schemas to migrate, the revisions in their rows, and the migrations they have recorded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import ProgrammingError, connection
from django.db.models import Q
from django_tenants.utils import get_tenant_model, quote_schema_name

from tenancy.context import public_context
from tenancy.revisions import Revision
from tenancy.schema_migrations.sql import composed

# How many schemas one query reads: each costs a lock while it runs.
CHUNK = 200
# The table in which a schema records its migrations.
RECORDS = "django_migrations"
NOTE = "UPDATE {table} SET revision = %s WHERE schema_name = %s"


@dataclass(frozen=True)
class SchemaTarget:
    """One schema to migrate, with its row's revision. Takes the tenant's place in a context."""

    schema_name: str
    name: str
    revision: Revision


def all_targets() -> list[SchemaTarget]:
    """Return all of them: tenants first, the oldest first."""
    return list(_found(Q()))


def named(schema_name: str) -> list[SchemaTarget]:
    """Return the member with this schema: one or none."""
    return list(_found(Q(schema_name=schema_name)))


def _found(only: Q) -> Iterator[SchemaTarget]:
    with public_context():
        rows = get_tenant_model().objects.filter(only).order_by("created_at", "pk")
        for schema_name, name, text in rows.values_list("schema_name", "slug", "revision"):
            yield SchemaTarget(schema_name, name, Revision.parse(text))


def behind(target: Revision) -> list[SchemaTarget]:
    """Return the all_targets with another revision than the target in their row."""
    return list(_found(~Q(revision=str(target))))


def canaries(count: int) -> list[SchemaTarget]:
    """Return the canaries: those of CANARY_TENANTS, then the marked ones, then the oldest.

    `count` in all, or more where more of them are named or marked.
    """
    if not count:
        return []
    places = _places()
    ranked = sorted(all_targets(), key=lambda member: places.get(member.name, len(places)))
    return ranked[: max(count, sum(member.name in places for member in ranked))]


def _places() -> dict[str, int]:
    """Return canaries' ranks by slug. A separate query: plans may run on older shared tables."""
    with public_context():
        marked = get_tenant_model().objects.canaries().order_by("created_at", "pk")
        slugs = [*settings.CANARY_TENANTS, *marked.values_list("slug", flat=True)]
    return {slug: place for place, slug in enumerate(dict.fromkeys(slugs))}


def is_there(member: SchemaTarget) -> bool:
    """Whether the row still exists: a tenant may be deleted during the run."""
    with public_context():
        return bool(get_tenant_model().objects.filter(schema_name=member.schema_name).exists())


def note(member: SchemaTarget, revision: Revision | None) -> None:
    """Write the schema's revision to its row, in the caller's transaction and context."""
    rows = get_tenant_model().objects.filter(schema_name=member.schema_name)
    rows.update(revision=str(revision or ""))


def noting(member: SchemaTarget, revision: Revision) -> str:
    """Return the statement that does the same, for callers that send several at once."""
    table = connection.ops.quote_name(get_tenant_model()._meta.db_table)  # noqa: SLF001  # Its public name.
    values = [str(revision), member.schema_name]
    return composed(NOTE.format(table=table), values)


def migrations_of(schemas: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the migrations that each schema has recorded, as `app.name`. Skips missing schemas."""
    found: dict[str, frozenset[str]] = {}
    with public_context():
        there = sorted(_recording() & set(schemas))
        try:
            for start in range(0, len(there), CHUNK):
                found |= _noted(there[start : start + CHUNK])
        except ProgrammingError:
            left = _recording() & set(there)
            if len(left) == len(there):
                raise
            # A schema was dropped in between.
            return migrations_of(list(left))
    return found


def _recording() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
            " WHERE relname = %s",
            [RECORDS],
        )
        return {name for (name,) in cursor.fetchall()}


def _noted(schemas: Sequence[str]) -> dict[str, frozenset[str]]:
    each = "SELECT {}, array(SELECT app || '.' || name FROM {})"
    questions = (each.format("%s", records_of(name)) for name in schemas)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(questions), list(schemas))
        return {name: frozenset(noted) for name, noted in cursor.fetchall()}


def records_of(schema_name: str) -> str:
    """Return the qualified name of a schema's own list, which can't resolve to public's."""
    return f"{quote_schema_name(schema_name)}.{RECORDS}"
