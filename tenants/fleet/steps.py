"""Steps: one migration each, from one set of noted migrations to the next."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property

from django.db import connection, transaction
from django.db.migrations.migration import Migration

from tenants import privileges, revisions
from tenants.fleet.rendering import Move
from tenants.fleet.roster import Member, records_of
from tenants.fleet.sending import composed, execute

NOTE = """
    INSERT INTO {records} (app, name, applied)
    SELECT app, name, now() FROM {done} AS done (app, name)
    WHERE NOT EXISTS (SELECT 1 FROM {records} AS noted
        WHERE noted.app = done.app AND noted.name = done.name)
"""


@dataclass(frozen=True)
class Step:
    """What brings a schema that has noted `start` one migration further.

    `statements` is None where the migration itself has to run, in each schema. `extras` are
    what Django adds after a migration, such as permissions. `notes` are the migrations that
    count as done afterwards. What isn't `is_known` may have made any table, besides
    `new_tables`. A step without a migration only notes.
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
        """What a row says of the migrations afterwards."""
        return revisions.of(self.end).migrations

    @property
    def is_atomic(self) -> bool:
        return self.migration is None or bool(self.migration.atomic)

    def run(self) -> None:
        """Do what the migration does, in the context of a schema."""
        if self.statements is None:
            self._run_operations()
        else:
            execute(self.statements)

    def _run_operations(self) -> None:
        """Do as `Migration.apply` does, with models that were made once for all schemas."""
        assert self.migration is not None  # noqa: S101  # nosec B101  # Only migrations have moves.
        # The editor gets no savepoint of its own: who fails takes the whole step back.
        with connection.schema_editor(atomic=False) as editor:
            for move in self.moves:
                by_itself = not self.is_atomic and move.operation.atomic
                with transaction.atomic() if by_itself else nullcontext():
                    move.operation.database_forwards(
                        self.migration.app_label, editor, move.before, move.after
                    )

    def finish(self, member: Member) -> None:
        """Add what follows the tables."""
        execute(self.extras)
        if self.new_tables and self.is_known:
            grant(member, self.new_tables)

    def words(self, member: Member) -> Iterator[str]:
        """Yield the statement that notes the migrations, if there are any to note."""
        if self.notes:
            records = records_of(member.schema_name)
            yield NOTE.format(records=records, done=self._done)

    @cached_property
    def _done(self) -> str:
        apps, names = zip(*(name.split(".", 1) for name in self.notes), strict=True)
        texts = [list(apps), list(names)]
        return composed("unnest(%s::text[], %s::text[])", texts)


def grant(member: Member, tables: Iterable[str] = ()) -> None:
    """Let the tenant's people use these tables, or all that the schema holds now."""
    execute(privileges.tenant_statements(member.schema_name, tables))
