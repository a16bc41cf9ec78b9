"""Migrates one schema, step by step to the target; each step is applied completely or undone."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, cast

from django.db import transaction

from tenancy import revisions
from tenancy.context import workspace_context
from tenancy.revisions import Revision
from tenancy.schema_migrations import targets
from tenancy.schema_migrations.deadlines import bounded
from tenancy.schema_migrations.errors import SchemaLockedError, StepError
from tenancy.schema_migrations.locks import Deadlines, claim, held_beside
from tenancy.schema_migrations.plan_cache import PlanCache
from tenancy.schema_migrations.sql import at_once, execute
from tenancy.schema_migrations.steps import Step, grant
from tenancy.schema_migrations.targets import SchemaTarget


def advance(member: SchemaTarget, routes: PlanCache, deadlines: Deadlines) -> None:
    """Apply a schema's steps until it is at the target, where it may be already.

    Called as the migrator, outside transactions. Raises `SchemaLockedError` while another worker
    has the claim, `StepError` for a step that failed, and the database error of a failed claim.
    """
    with workspace_context(cast("Any", member)):
        likely = routes.of(member.revision)
        while (step := _go_on(member, routes, deadlines, likely)) is None or not step.is_last:
            likely = step and routes.next(step.end)


def _go_on(
    member: SchemaTarget, routes: PlanCache, deadlines: Deadlines, likely: Step | None
) -> Step | None:
    """Apply the next step, presumably `likely`, and return it; None to look for it again."""
    was_quick = likely is None or likely.is_quick
    with transaction.atomic(durable=True):
        noted = claim(member, deadlines, is_quick=was_quick)
        step = routes.next(noted)
        if step is not None and step.is_atomic:
            take(step, member, deadlines, was_quick=was_quick)
            return step
    if step is None:
        routes.explore(noted)
        return None
    return _go_on_alone(step, member, deadlines)


def take(step: Step, member: SchemaTarget, deadlines: Deadlines, *, was_quick: bool = True) -> None:
    """Apply a step in the caller's transaction; `was_quick` says which timeouts that has now."""
    if step.is_quick != was_quick:
        execute([deadlines.limits(is_quick=step.is_quick)])
    with _named(step), bounded(deadlines) if step.is_quick else nullcontext():
        step.run()
        _finish(step, member)


def _go_on_alone(step: Step, member: SchemaTarget, deadlines: Deadlines) -> Step | None:
    """Apply a step outside a transaction: if the process dies here, it is half done."""
    with held_beside(member, deadlines) as noted:
        if noted & revisions.own_migrations() != step.start:
            return None
        with _named(step):
            step.run()
            with transaction.atomic(durable=True):
                _finish(step, member)
    return step


def _finish(step: Step, member: SchemaTarget) -> None:
    """Apply what belongs to the step, and write the schema's new revision to the member's row."""
    step.finish(member)
    target = revisions.target()
    granted = member.revision.privileges
    if not step.is_known or (step.is_last and granted != target.privileges):
        grant(member)
        granted = target.privileges
    reached = Revision(step.reached, granted)
    at_once([*step.words(member), targets.noting(member, reached)])


@contextmanager
def _named(step: Step) -> Iterator[None]:
    """Raise `StepError`, which names the step, for errors of the block."""
    try:
        yield
    except SchemaLockedError:
        raise
    except Exception as error:
        raise StepError(str(step)) from error
