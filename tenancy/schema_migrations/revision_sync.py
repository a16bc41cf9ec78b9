"""Updates the rows' revisions while django-tenants' own executors change schemas."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django_tenants.signals import schema_migrated, schema_pre_migration

from tenancy import revisions
from tenancy.context import public_context
from tenancy.schema_migrations import targets
from tenancy.schema_migrations.targets import SchemaTarget


@contextmanager
def synced_revisions() -> Iterator[None]:
    """Empty the revision of each schema before it changes, and write the new one afterwards.

    If the process dies in between, `revision` stays empty, and the next run inspects the schema.
    """
    schema_pre_migration.connect(_forget)
    schema_migrated.connect(_tell)
    try:
        yield
    finally:
        schema_pre_migration.disconnect(_forget)
        schema_migrated.disconnect(_tell)


def _forget(schema_name: str, **_: Any) -> None:
    with public_context():
        for member in _others(schema_name):
            targets.note(member, None)


def _tell(schema_name: str, **_: Any) -> None:
    with public_context():
        for member in _others(schema_name):
            noted = targets.migrations_of([schema_name])[schema_name]
            targets.note(member, revisions.of(noted))


def _others(schema_name: str) -> list[SchemaTarget]:
    """Return the row of a schema, if it has one that its caller doesn't write itself.

    A caller that creates a schema in a transaction has written the revision already.
    """
    return [] if connection.in_atomic_block else targets.named(schema_name)
