"""The audit: whether the rows say what the schemas themselves have noted."""

from collections.abc import Iterator

from tenants import revisions
from tenants.fleet import roster
from tenants.fleet.roster import Member


def lies() -> Iterator[str]:
    """Yield a sentence for each row that says something else than its schema."""
    everybody = roster.members()
    noted = roster.migrations_of([member.schema_name for member in everybody])
    for member in everybody:
        if not _lie(member, noted.get(member.schema_name)):
            continue
        if why := _lie_at_rest(member.schema_name):
            yield f"{member.name} ({member.schema_name}): {why}"


def _lie_at_rest(schema_name: str) -> str:
    """Look again, until the row is the same afterwards: it may be migrated or closed meanwhile."""
    before = roster.named(schema_name)
    while before:
        noted = roster.migrations_of([schema_name]).get(schema_name)
        after = roster.named(schema_name)
        if after == before:
            return _lie(before[0], noted)
        before = after
    return ""


def _lie(member: Member, noted: frozenset[str] | None) -> str:
    if noted is None:
        return "there is no such schema, or it notes no migrations."
    actual, said = revisions.of(noted).migrations, member.revision.migrations
    if said in ("", actual):
        return ""
    missing = sorted(revisions.own_migrations() - noted)
    lacks = f"it lacks {', '.join(missing)}" if missing else "it lacks nothing"
    return f"the row says {said}, the schema is at {actual}; {lacks}."
