"""Keeps the rows true while django-tenants' own executors change schemas."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django_tenants.signals import schema_migrated, schema_pre_migration

from tasks.workspace import public_context
from tenants import revisions
from tenants.fleet import roster
from tenants.fleet.roster import Member


@contextmanager
def stamped() -> Iterator[None]:
    """Empty the row of each schema before it changes, and say afterwards what it has had.

    Who is killed in between leaves an empty row, which is nobody's lie: the next run looks.
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
            roster.note(member, None)


def _tell(schema_name: str, **_: Any) -> None:
    with public_context():
        for member in _others(schema_name):
            noted = roster.migrations_of([schema_name])[schema_name]
            roster.note(member, revisions.of(noted))


def _others(schema_name: str) -> list[Member]:
    """Return the row of a schema, if it has one that isn't its caller's own business.

    Who makes a schema in a transaction has written what it will be.
    """
    return [] if connection.in_atomic_block else roster.named(schema_name)
