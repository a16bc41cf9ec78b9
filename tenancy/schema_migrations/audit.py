"""The audit: finds rows with another revision than their schema has recorded."""

from collections.abc import Iterator

from tenancy import revisions
from tenancy.schema_migrations import targets
from tenancy.schema_migrations.targets import SchemaTarget


def drift() -> Iterator[str]:
    """Yield a sentence for each row that doesn't match its schema."""
    every_target = targets.all_targets()
    noted = targets.migrations_of([member.schema_name for member in every_target])
    for member in every_target:
        if not _drift_of(member, noted.get(member.schema_name)):
            continue
        if why := _settled_drift(member.schema_name):
            yield f"{member.name} ({member.schema_name}): {why}"


def _settled_drift(schema_name: str) -> str:
    """Compare until the row stays the same: a tenant may be migrated or deleted meanwhile."""
    before = targets.named(schema_name)
    while before:
        noted = targets.migrations_of([schema_name]).get(schema_name)
        after = targets.named(schema_name)
        if after == before:
            return _drift_of(before[0], noted)
        before = after
    return ""


def _drift_of(member: SchemaTarget, noted: frozenset[str] | None) -> str:
    if noted is None:
        return "there is no such schema, or it notes no migrations."
    actual, said = revisions.of(noted).migrations, member.revision.migrations
    if said in ("", actual):
        return ""
    missing = sorted(revisions.own_migrations() - noted)
    lacks = f"it lacks {', '.join(missing)}" if missing else "it lacks nothing"
    return f"the row says {said}, the schema is at {actual}; {lacks}."
