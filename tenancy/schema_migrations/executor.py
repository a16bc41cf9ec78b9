"""Migrates one schema, step by step to the target; each step is applied completely or undone."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, cast

from django.db import connection, transaction

from tenancy import privileges, revisions
from tenancy.context import workspace_context
from tenancy.errors import SchemaLockedError, StepError
from tenancy.postgresql.statements import execute, execute_together
from tenancy.revisions import Revision
from tenancy.schema_migrations import targets
from tenancy.schema_migrations.locks import lock, locked_beside, timeouts_of_step
from tenancy.schema_migrations.plan_cache import PlanCache
from tenancy.schema_migrations.rendering import Step
from tenancy.schema_migrations.targets import SchemaTarget
from tenancy.timeouts import DatabaseTimeouts

# In seconds. Until then statements need no shorter timeout, nor can one be shorter.
SLACK, SHORTEST = 0.05, 0.001
RECORD = """
    INSERT INTO {records} (app, name, applied)
    SELECT app, name, now() FROM {done} AS done (app, name)
    WHERE NOT EXISTS (SELECT 1 FROM {records} AS recorded
        WHERE recorded.app = done.app AND recorded.name = done.name)
"""


def migrate_schema(schema: SchemaTarget, plans: PlanCache, timeouts: DatabaseTimeouts) -> None:
    """Apply a schema's steps until it is at the target, where it may be already.

    Called as the migrator, outside transactions. Raises `SchemaLockedError` while another worker
    has the lock, `StepError` for a step that failed, and the database error of a failed lock.
    """
    with workspace_context(cast("Any", schema)):
        likely = plans.likely(schema.revision)
        while (step := _apply_next(schema, plans, timeouts, likely)) is None or not step.is_last:
            likely = step and plans.next(step.end)


def _apply_next(
    schema: SchemaTarget, plans: PlanCache, timeouts: DatabaseTimeouts, likely: Step | None
) -> Step | None:
    """Apply the next step, presumably `likely`, and return it; None to look for it again."""
    was_quick = likely is None or likely.is_quick
    with transaction.atomic(durable=True):
        recorded = lock(schema, timeouts, is_quick=was_quick)
        step = plans.next(recorded)
        if step is not None and step.is_atomic:
            apply(step, schema, timeouts, was_quick=was_quick)
            return step
    if step is None:
        plans.explore(recorded)
        return None
    # Outside a transaction: if the process dies here, the step is half done.
    with locked_beside(schema, timeouts) as recorded:
        if recorded & revisions.own_migrations() != step.start:
            return None
        with _named(step):
            _run(step)
            with transaction.atomic(durable=True):
                _finish(step, schema)
    return step


def apply(
    step: Step, schema: SchemaTarget, timeouts: DatabaseTimeouts, *, was_quick: bool = True
) -> None:
    """Apply a step in the caller's transaction; `was_quick` says which timeouts that has now."""
    if step.is_quick != was_quick:
        execute([timeouts_of_step(timeouts, is_quick=step.is_quick)])
    with _named(step), bounded(timeouts) if step.is_quick else nullcontext():
        _run(step)
        _finish(step, schema)


@contextmanager
def bounded(timeouts: DatabaseTimeouts) -> Iterator[None]:
    """Limit each statement of the block to what is left of `timeouts.statement`.

    All of a step's statements have it together: the first one's lock is held to the end.
    """
    started_at = time.monotonic()

    def limited(call: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        spent = time.monotonic() - started_at
        if timeouts.statement and spent > SLACK:
            left = DatabaseTimeouts(statement=max(timeouts.statement - spent, SHORTEST))
            call(left.as_statement(), None, False, context)
        return call(sql, params, many, context)

    with connection.execute_wrapper(limited):
        yield


def _run(step: Step) -> None:
    """Apply a step's migration. Does what `Migration.apply` does, with models rendered before."""
    if step.statements is not None:
        execute(step.statements)
        return
    assert step.migration is not None  # noqa: S101  # nosec B101  # Only migrations have operations.
    # The editor gets no savepoint of its own: a failure rolls back the whole step.
    with connection.schema_editor(atomic=False) as editor:
        for each in step.operations:
            is_alone = not step.is_atomic and each.operation.atomic
            with transaction.atomic() if is_alone else nullcontext():
                each.operation.database_forwards(
                    step.migration.app_label, editor, each.before, each.after
                )


def _finish(step: Step, schema: SchemaTarget) -> None:
    """Add permissions and privileges after the tables, and record migrations and revision."""
    execute(step.extras)
    granted, target = schema.revision.privileges, revisions.target()
    if not step.is_known or (step.is_last and granted != target.privileges):
        _grant(schema)
        granted = target.privileges
    elif step.new_tables:
        _grant(schema, step.new_tables)
    records = targets.records_of(schema.schema_name)
    recording = [RECORD.format(records=records, done=step.recorded_rows)] if step.records else []
    execute_together([*recording, targets.set_revision(schema, Revision(step.reached, granted))])


def _grant(schema: SchemaTarget, tables: Iterable[str] = ()) -> None:
    """Grant the tenant role these tables, or all that the schema holds now."""
    execute(privileges.tenant_statements(schema.schema_name, tables))


@contextmanager
def _named(step: Step) -> Iterator[None]:
    """Raise `StepError`, which names the step, for errors of the block."""
    try:
        yield
    except SchemaLockedError:
        raise
    except Exception as error:
        raise StepError(str(step)) from error
