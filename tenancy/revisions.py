"""Revisions: which migrations and privileges a schema has had, as one short text.

A tenant's row carries its schema's, written in the transaction that changes the schema. So one
query finds schemas that are behind; `migrate_schemas --audit` finds rows that don't match.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.db.migrations.loader import MigrationLoader

from tenancy import privileges
from tenancy.tables import tenant_labels

LENGTH = 16


@dataclass(frozen=True)
class Revision:
    """A schema's applied migrations, and what the roles may do there, as digests."""

    migrations: str
    privileges: str

    def __str__(self) -> str:
        return f"{self.migrations}-{self.privileges}"

    @classmethod
    def parse(cls, text: str) -> "Revision":
        """Parse the result of `str`. An empty text gives a revision that equals no other."""
        migrations, _, granted = text.partition("-")
        return cls(migrations, granted)


def target() -> Revision:
    """Return the revision that the running code gives a schema."""
    return of(own_migrations())


def of(migrations: Iterable[str]) -> Revision:
    """Return the revision of a schema with these migrations and today's privileges.

    Migrations that aren't on disk are ignored: their effect is unknown.
    """
    return Revision(_digest(sorted(own_migrations() & set(migrations))), _granted())


@cache
def own_migrations() -> frozenset[str]:
    """Return what a new schema records of these apps, as `app.name`."""
    own = tenant_labels()
    return frozenset(name for name in on_disk() if name.partition(".")[0] in own)


@cache
def on_disk() -> frozenset[str]:
    """Return the migrations that a new schema records, as `app.name`; replaced ones too."""
    found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    replaced = (key for made in found.values() for key in made.replaces)
    return frozenset(f"{app}.{name}" for app, name in [*found, *replaced])


def forget() -> None:
    """Clear the caches, for tests that add migrations."""
    on_disk.cache_clear()
    own_migrations.cache_clear()


@cache
def _granted() -> str:
    # The schema's name must not change the digest.
    return _digest(privileges.tenant_statements("schema"))[: LENGTH // 2]


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:LENGTH]
