"""Whose schemas are migrated, what their rows say, and what the schemas themselves have noted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import ProgrammingError, connection
from django.db.models import Q
from django_tenants.utils import quote_schema_name

from tasks.workspace import public_context
from tenants.fleet.sending import composed
from tenants.models import Tenant
from tenants.revisions import Revision

# How many schemas one question visits: each costs a lock while it is asked.
CHUNK = 200
# Where a schema notes which migrations it has had.
RECORDS = "django_migrations"
NOTE = "UPDATE {table} SET revision = %s WHERE schema_name = %s"
# The rows that stand for schemas: each model has `schema_name`, `revision` and `created_at`,
# and a column that a person knows it by.
SOURCES: dict[Any, str] = {Tenant: "slug"}


@dataclass(frozen=True)
class Member:
    """One schema of the fleet, with what its row says. Stands where a tenant stands."""

    schema_name: str
    name: str
    revision: Revision
    source: Any


def members() -> list[Member]:
    """Return all of them: tenants first, the oldest first."""
    return list(_found(Q()))


def named(schema_name: str) -> list[Member]:
    """Return whose schema that is: one, or nobody."""
    return list(_found(Q(schema_name=schema_name)))


def _found(only: Q) -> Iterator[Member]:
    with public_context():
        for source in SOURCES:
            yield from _of(source, only)


def _of(source: Any, only: Q) -> Iterator[Member]:
    rows = source.objects.filter(only).order_by("created_at", "pk")
    for schema_name, name, text in rows.values_list("schema_name", SOURCES[source], "revision"):
        yield Member(schema_name, name, Revision.parse(text), source)


def behind(target: Revision) -> list[Member]:
    """Return those whose row doesn't say that they are at the target."""
    return list(_found(~Q(revision=str(target))))


def canaries(count: int) -> list[Member]:
    """Return who goes first: those of CANARY_TENANTS, the marked ones, then the oldest.

    So many in all; more where more of them are named or marked.
    """
    if not count:
        return []
    places = _places()
    ranked = sorted(members(), key=lambda member: places.get(member.name, len(places)))
    return ranked[: max(count, sum(member.name in places for member in ranked))]


def _places() -> dict[str, int]:
    """Return who is named or marked, and in which turn. Asked alone: a plan may be older."""
    with public_context():
        marked = Tenant.objects.canaries().order_by("created_at", "pk")
        slugs = [*settings.CANARY_TENANTS, *marked.values_list("slug", flat=True)]
    return {slug: place for place, slug in enumerate(dict.fromkeys(slugs))}


def is_there(member: Member) -> bool:
    """Whether the row is still there: a tenant may go while we are at work."""
    with public_context():
        return bool(member.source.objects.filter(schema_name=member.schema_name).exists())


def note(member: Member, revision: Revision | None) -> None:
    """Write what the schema has had into its row, in the caller's transaction and context."""
    rows = member.source.objects.filter(schema_name=member.schema_name)
    rows.update(revision=str(revision or ""))


def noting(member: Member, revision: Revision) -> str:
    """Return the statement that does so, for those who send several at once."""
    table = connection.ops.quote_name(member.source._meta.db_table)  # noqa: SLF001  # Its public name.
    values = [str(revision), member.schema_name]
    return composed(NOTE.format(table=table), values)


def migrations_of(schemas: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return what each schema has noted, as `app.name`; nothing of those that aren't there."""
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
            # Somebody has gone in between.
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
    """Return the name of a schema's own list, which public's can't stand in for."""
    return f"{quote_schema_name(schema_name)}.{RECORDS}"
