"""Revisions: which migrations and privileges a schema has had, as one short text.

A tenant's row carries its schema's, written in the transaction that changes the schema. So one
question tells who is behind, and `migrate_schemas --audit` tells whether a row lies.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from tenants import privileges

LENGTH = 16


@dataclass(frozen=True)
class Revision:
    """What the migrations have made of a schema, and what the roles may do there."""

    migrations: str
    privileges: str

    def __str__(self) -> str:
        return f"{self.migrations}-{self.privileges}"

    @classmethod
    def parse(cls, text: str) -> "Revision":
        """Return what `str` has made. Of an empty text: one that nothing equals."""
        migrations, _, granted = text.partition("-")
        return cls(migrations, granted)


def target() -> Revision:
    """Return what the code that runs makes of a schema."""
    return of(own_migrations())


def of(migrations: Iterable[str]) -> Revision:
    """Return the revision of a schema that has had these, and today's privileges.

    Those that aren't on disk don't count: nobody can tell what they did.
    """
    return Revision(_digest(sorted(own_migrations() & set(migrations))), _granted())


def labels() -> frozenset[str]:
    """Return the apps whose tables stand in each tenant's schema."""
    configs = apps.get_app_configs()
    return frozenset(each.label for each in configs if each.name in settings.TENANT_APPS)


@cache
def own_migrations() -> frozenset[str]:
    """Return what a new schema records of these apps, as `app.name`."""
    own = labels()
    return frozenset(name for name in on_disk() if name.partition(".")[0] in own)


@cache
def on_disk() -> frozenset[str]:
    """Return each migration that a new schema records, as `app.name`; a squashed one's too."""
    found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    replaced = (key for made in found.values() for key in made.replaces)
    return frozenset(f"{app}.{name}" for app, name in [*found, *replaced])


def forget() -> None:
    """Read the disk again: migrations have come, as only a test has them come."""
    on_disk.cache_clear()
    own_migrations.cache_clear()


@cache
def _granted() -> str:
    # Whose schema it is makes no difference.
    return _digest(privileges.tenant_statements("schema"))[: LENGTH // 2]


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:LENGTH]
