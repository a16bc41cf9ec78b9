"""Caches the steps from each starting point, for all schemas at that point."""

import threading
from collections.abc import Iterator
from dataclasses import replace

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from tenancy import revisions
from tenancy.revisions import Revision
from tenancy.schema_migrations import permissions, rendering
from tenancy.schema_migrations.errors import SchemaMigrationError
from tenancy.schema_migrations.rendering import AsksDatabaseError, Move
from tenancy.schema_migrations.steps import Step


class PlanCache:
    """The steps worked out so far, by their starting point. Shared by threads."""

    def __init__(self) -> None:
        self._steps: dict[frozenset[str], Step] = {}
        self._likely: dict[str, Step] = {}
        self._lock = threading.Lock()

    def next(self, noted: frozenset[str]) -> Step | None:
        """Return the next step of a schema that has recorded these; None before `explore`."""
        return self._steps.get(noted & revisions.own_migrations())

    def of(self, revision: Revision) -> Step | None:
        """Return the presumable next step of a schema with this revision in its row."""
        return self._likely.get(revision.migrations)

    def explore(self, noted: frozenset[str]) -> None:
        """Work out the steps from the schema of the context, which has recorded these.

        Raises `SchemaMigrationError` when the target can't be reached from there.
        """
        with self._lock:
            if self.next(noted) is None:
                found = route()
                self._steps |= {step.start: step for step in found}
                self._likely |= {revisions.of(step.start).migrations: step for step in found}


def route() -> list[Step]:
    """Return the steps from the schema of the context to the target.

    Raises `SchemaMigrationError`.
    """
    executor = MigrationExecutor(connection)
    executor.loader.check_consistent_history(connection)
    steps = [*_migrations(executor)]
    start = steps[-1].end if steps else _noted(executor)
    squashed = _squashed(executor, start)
    if steps and not squashed:
        steps[-1] = replace(steps[-1], is_last=True)
    steps.append(Step(start, start | set(squashed), notes=squashed, is_last=True))
    if missing := revisions.own_migrations() - steps[-1].end:
        raise SchemaMigrationError(f"No way leads to {', '.join(sorted(missing))} from here.")
    if squashed:
        steps.append(Step(steps[-1].end, steps[-1].end, is_last=True))
    return steps


def _migrations(executor: MigrationExecutor) -> Iterator[Step]:
    """Yield a step for each migration of a tenant's apps, in Django's order.

    Migrations of other apps do nothing in a tenant's schema. They are recorded with the next step.
    """
    start, before = _noted(executor), _state(executor)
    others: tuple[str, ...] = ()
    for migration in _pending(executor):
        notes = _names(migration)
        if migration.app_label not in revisions.labels():
            before = migration.mutate_state(before)
            others += notes
            continue
        step = _step(migration, start, before, others + notes)
        yield step
        start, before, others = step.end, step.moves[-1].after if step.moves else before, ()


def _pending(executor: MigrationExecutor) -> list[Migration]:
    leaves = executor.loader.graph.leaf_nodes()
    pending = {migration for migration, _ in executor.migration_plan(leaves)}
    everything = executor.migration_plan(leaves, clean_start=True)
    return [migration for migration, _ in everything if migration in pending]


def _step(
    migration: Migration, start: frozenset[str], before: ProjectState, notes: tuple[str, ...]
) -> Step:
    moves = tuple(_moves(migration, before))
    statements = _statements(migration, moves)
    after = moves[-1].after if moves else before
    is_known = rendering.is_known(migration)
    return Step(
        start=start,
        end=start | (set(notes) & revisions.own_migrations()),
        migration=migration,
        moves=moves,
        statements=statements,
        extras=permissions.additions(before, after, is_known=is_known),
        notes=notes,
        new_tables=permissions.new_tables(before, after),
        is_known=is_known,
        is_quick=rendering.is_quick(migration),
    )


def _moves(migration: Migration, before: ProjectState) -> Iterator[Move]:
    before.apps  # noqa: B018  # Rendered once; each later state is made from the one before.
    for operation in migration.operations:
        after = before.clone()
        operation.state_forwards(migration.app_label, after)
        yield Move(operation, before, after)
        before = after


def _statements(migration: Migration, moves: tuple[Move, ...]) -> tuple[str, ...] | None:
    if not rendering.is_plain(migration):
        return None
    try:
        return rendering.render(migration, moves)
    except AsksDatabaseError:
        return None


def _names(migration: Migration) -> tuple[str, ...]:
    """Return what Django records for it: for a squashed one, the migrations that it replaces."""
    keys = migration.replaces or [(migration.app_label, migration.name)]
    return tuple(f"{app}.{name}" for app, name in keys)


def _squashed(executor: MigrationExecutor, noted: frozenset[str]) -> tuple[str, ...]:
    """Return the squashed migrations that count as applied, as all that they replace are."""
    made = executor.loader.replacements.items()
    done = {f"{app}.{name}" for (app, name), each in made if noted >= set(_names(each))}
    return tuple(sorted((done - noted) & revisions.own_migrations()))


def _noted(executor: MigrationExecutor) -> frozenset[str]:
    names = {f"{app}.{name}" for app, name in executor.loader.applied_migrations}
    return frozenset(names & revisions.own_migrations())


def _state(executor: MigrationExecutor) -> ProjectState:
    """Return the models as they are in the schema, as `migrate` does before it starts."""
    # What `migrate` itself calls, which is private.
    return executor._create_project_state(with_applied_migrations=True)  # type: ignore[no-any-return,attr-defined]  # noqa: SLF001
