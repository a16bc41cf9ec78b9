"""Caches the steps from each starting point, for all schemas at that point."""

import threading
from collections.abc import Iterator
from dataclasses import replace

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration

from tenancy import revisions
from tenancy.errors import SchemaMigrationError
from tenancy.revisions import Revision
from tenancy.schema_migrations.rendering import Step, render
from tenancy.tables import tenant_labels


class PlanCache:
    """The steps worked out so far, by their starting point. Shared by threads."""

    def __init__(self) -> None:
        self._steps: dict[frozenset[str], Step] = {}
        self._likely: dict[str, Step] = {}
        self._lock = threading.Lock()

    def next(self, recorded: frozenset[str]) -> Step | None:
        """Return the next step of a schema that has recorded these; None before `explore`."""
        return self._steps.get(recorded & revisions.own_migrations())

    def likely(self, revision: Revision) -> Step | None:
        """Return the presumable next step of a schema with this revision in its row."""
        return self._likely.get(revision.migrations)

    def explore(self, recorded: frozenset[str]) -> None:
        """Work out the steps from the schema of the context, which has recorded these.

        Raises `SchemaMigrationError` when the target can't be reached from there.
        """
        with self._lock:
            if self.next(recorded) is None:
                found = plan()
                self._steps |= {step.start: step for step in found}
                self._likely |= {revisions.of(step.start).migrations: step for step in found}


def plan() -> list[Step]:
    """Return the steps from the schema of the context to the target.

    Raises `SchemaMigrationError`.
    """
    executor = MigrationExecutor(connection)
    executor.loader.check_consistent_history(connection)
    steps = [*_migrations(executor)]
    start = steps[-1].end if steps else _recorded(executor)
    # The squashed migrations that count as applied, as all that they replace are.
    made = executor.loader.replacements.items()
    done = {f"{app}.{name}" for (app, name), each in made if start >= set(_names(each))}
    squashed = tuple(sorted((done - start) & revisions.own_migrations()))
    if steps and not squashed:
        steps[-1] = replace(steps[-1], is_last=True)
    steps.append(Step(start, start | set(squashed), records=squashed, is_last=True))
    if missing := revisions.own_migrations() - steps[-1].end:
        raise SchemaMigrationError(f"No plan leads to {', '.join(sorted(missing))} from here.")
    if squashed:
        steps.append(Step(steps[-1].end, steps[-1].end, is_last=True))
    return steps


def _migrations(executor: MigrationExecutor) -> Iterator[Step]:
    """Yield a step for each migration of a tenant's apps, in Django's order.

    Migrations of other apps do nothing in a tenant's schema. They are recorded with the next step.
    """
    leaves = executor.loader.graph.leaf_nodes()
    pending = {migration for migration, _ in executor.migration_plan(leaves)}
    start = _recorded(executor)
    others: tuple[str, ...] = ()
    # The models as they are in the schema. What `migrate` itself calls, which is private.
    before = executor._create_project_state(with_applied_migrations=True)  # type: ignore[attr-defined]  # noqa: SLF001
    for migration, _ in executor.migration_plan(leaves, clean_start=True):
        if migration not in pending:
            continue
        records = (*others, *_names(migration))
        if migration.app_label in tenant_labels():
            yield (step := render(migration, start, before, records))
            start, others = step.end, ()
            before = step.operations[-1].after if step.operations else before
        else:
            before, others = migration.mutate_state(before), records


def _names(migration: Migration) -> tuple[str, ...]:
    """Return what Django records for it: for a squashed one, the migrations that it replaces."""
    keys = migration.replaces or [(migration.app_label, migration.name)]
    return tuple(f"{app}.{name}" for app, name in keys)


def _recorded(executor: MigrationExecutor) -> frozenset[str]:
    names = {f"{app}.{name}" for app, name in executor.loader.applied_migrations}
    return frozenset(names & revisions.own_migrations())
