"""The rows' revisions: updated beside django-tenants' own executors, compared with the schemas."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django_tenants.signals import schema_migrated, schema_pre_migration

from tenancy import revisions
from tenancy.context import public_context
from tenancy.postgresql.statements import execute
from tenancy.schema_migrations import targets
from tenancy.schema_migrations.targets import SchemaTarget


@contextmanager
def synced_revisions() -> Iterator[None]:
    """Empty the revision of each schema before it changes, and write the new one afterwards.

    If the process dies in between, `revision` stays empty, and the next run inspects the schema.
    """
    schema_pre_migration.connect(_empty)
    schema_migrated.connect(_write)
    try:
        yield
    finally:
        schema_pre_migration.disconnect(_empty)
        schema_migrated.disconnect(_write)


def _empty(schema_name: str, **_: Any) -> None:
    with public_context():
        execute(targets.set_revision(each, None) for each in _others(schema_name))


def _write(schema_name: str, **_: Any) -> None:
    with public_context():
        for schema in _others(schema_name):
            recorded = targets.recorded_migrations([schema_name])[schema_name]
            execute([targets.set_revision(schema, revisions.of(recorded))])


def _others(schema_name: str) -> list[SchemaTarget]:
    """Return the row of a schema, if it has one that its caller doesn't write itself.

    A caller that creates a schema in a transaction has written the revision already.
    """
    return [] if connection.in_atomic_block else targets.named(schema_name)


def drift() -> Iterator[str]:
    """Yield a sentence for each row with another revision than its schema has recorded."""
    every_target = targets.all_targets()
    recorded = targets.recorded_migrations([schema.schema_name for schema in every_target])
    for schema in every_target:
        name = schema.schema_name
        difference, row = _drift_of(schema, recorded.get(name)), [schema]
        # Again until the row stays the same: a tenant may be migrated or deleted meanwhile.
        while difference and (found := targets.named(name)) != row:
            now, row = targets.recorded_migrations([name]), found
            difference = _drift_of(row[0], now.get(name)) if row else ""
        if difference:
            yield f"{schema.name} ({name}): {difference}"


def _drift_of(schema: SchemaTarget, recorded: frozenset[str] | None) -> str:
    if recorded is None:
        return "there is no such schema, or it has recorded no migrations."
    actual, in_row = revisions.of(recorded).migrations, schema.revision.migrations
    if in_row in ("", actual):
        return ""
    missing = sorted(revisions.own_migrations() - recorded)
    lacks = f"it lacks {', '.join(missing)}" if missing else "it lacks nothing"
    return f"`revision` is {in_row}, the schema is at {actual}; {lacks}."
