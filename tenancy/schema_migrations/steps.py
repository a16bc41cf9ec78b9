"""Steps: one migration each, from one set of recorded migrations to the next."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property

from django.db import connection, transaction
from django.db.migrations.migration import Migration

from tenancy import privileges, revisions
from tenancy.schema_migrations.rendering import Move
from tenancy.schema_migrations.sql import composed, execute
from tenancy.schema_migrations.targets import SchemaTarget, records_of

NOTE = """
    INSERT INTO {records} (app, name, applied)
    SELECT app, name, now() FROM {done} AS done (app, name)
    WHERE NOT EXISTS (SELECT 1 FROM {records} AS noted
        WHERE noted.app = done.app AND noted.name = done.name)
"""


@dataclass(frozen=True)
class Step:
    """Brings a schema that has recorded `start` one migration further.

    `statements` is None where the migration itself has to run, in each schema. `extras` are what
    Django adds after a migration, such as permissions. `notes` are the migrations that count as
    applied afterwards. A migration that isn't `is_known` may have created any table, besides
    `new_tables`. A step without a migration only records.
    """

    start: frozenset[str]
    end: frozenset[str]
    migration: Migration | None = None
    moves: tuple[Move, ...] = ()
    statements: tuple[str, ...] | None = ()
    extras: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    new_tables: tuple[str, ...] = ()
    is_known: bool = True
    is_quick: bool = True
    is_last: bool = False

    def __str__(self) -> str:
        return str(self.migration or "notes")

    @cached_property
    def reached(self) -> str:
        """The migrations part of the revision in the row afterwards."""
        return revisions.of(self.end).migrations

    @property
    def is_atomic(self) -> bool:
        return self.migration is None or bool(self.migration.atomic)

    def run(self) -> None:
        """Apply the migration, in the context of a schema."""
        if self.statements is None:
            self._run_operations()
        else:
            execute(self.statements)

    def _run_operations(self) -> None:
        """Do the same as `Migration.apply`, with models that were rendered once for all schemas."""
        assert self.migration is not None  # noqa: S101  # nosec B101  # Only migrations have moves.
        # The editor gets no savepoint of its own: a failure rolls back the whole step.
        with connection.schema_editor(atomic=False) as editor:
            for move in self.moves:
                by_itself = not self.is_atomic and move.operation.atomic
                with transaction.atomic() if by_itself else nullcontext():
                    move.operation.database_forwards(
                        self.migration.app_label, editor, move.before, move.after
                    )

    def finish(self, member: SchemaTarget) -> None:
        """Add permissions and privileges after the tables."""
        execute(self.extras)
        if self.new_tables and self.is_known:
            grant(member, self.new_tables)

    def words(self, member: SchemaTarget) -> Iterator[str]:
        """Yield the statement that records the migrations, if there are any to record."""
        if self.notes:
            records = records_of(member.schema_name)
            yield NOTE.format(records=records, done=self._done)

    @cached_property
    def _done(self) -> str:
        apps, names = zip(*(name.split(".", 1) for name in self.notes), strict=True)
        texts = [list(apps), list(names)]
        return composed("unnest(%s::text[], %s::text[])", texts)


def grant(member: SchemaTarget, tables: Iterable[str] = ()) -> None:
    """Grant the tenant role these tables, or all that the schema holds now."""
    execute(privileges.tenant_statements(member.schema_name, tables))
