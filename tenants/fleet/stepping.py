"""What happens to one schema: step by step to the target, each step whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, cast

from django.db import transaction

from tasks.workspace import workspace_context
from tenants import revisions
from tenants.fleet import roster
from tenants.fleet.bounds import bounded
from tenants.fleet.claims import Patience, claim, held_beside
from tenants.fleet.errors import ClaimedError, StepError
from tenants.fleet.roster import Member
from tenants.fleet.routes import Routes
from tenants.fleet.sending import at_once, execute
from tenants.fleet.steps import Step, grant
from tenants.revisions import Revision


def advance(member: Member, routes: Routes, patience: Patience) -> None:
    """Take a schema's steps until it is at the target, where it may be already.

    Called as the migrator, outside transactions. Raises `ClaimedError` while another worker
    is at it, `StepError` for a step that failed, whatever the database says to the claim.
    """
    with workspace_context(cast("Any", member)):
        likely = routes.of(member.revision)
        while (step := _go_on(member, routes, patience, likely)) is None or not step.is_last:
            likely = step and routes.next(step.end)


def _go_on(member: Member, routes: Routes, patience: Patience, likely: Step | None) -> Step | None:
    """Take one step, probably the likely one, and return it; None if the way was to be found."""
    was_quick = likely is None or likely.is_quick
    with transaction.atomic(durable=True):
        noted = claim(member, patience, is_quick=was_quick)
        step = routes.next(noted)
        if step is not None and step.is_atomic:
            take(step, member, patience, was_quick=was_quick)
            return step
    if step is None:
        routes.explore(noted)
        return None
    return _go_on_alone(step, member, patience)


def take(step: Step, member: Member, patience: Patience, *, was_quick: bool = True) -> None:
    """Take a step in the caller's transaction, whose limits are those of a quick one or not."""
    if step.is_quick != was_quick:
        execute([patience.limits(is_quick=step.is_quick)])
    with _named(step), bounded(patience) if step.is_quick else nullcontext():
        step.run()
        _finish(step, member)


def _go_on_alone(step: Step, member: Member, patience: Patience) -> Step | None:
    """Take a step that is no single transaction: killed in the middle, it is half done."""
    with held_beside(member, patience) as noted:
        if noted & revisions.own_migrations() != step.start:
            return None
        with _named(step):
            step.run()
            with transaction.atomic(durable=True):
                _finish(step, member)
    return step


def _finish(step: Step, member: Member) -> None:
    """Add what belongs to the step, and say in the member's row what the schema has had."""
    step.finish(member)
    target = revisions.target()
    granted = member.revision.privileges
    if not step.is_known or (step.is_last and granted != target.privileges):
        grant(member)
        granted = target.privileges
    reached = Revision(step.reached, granted)
    at_once([*step.words(member), roster.noting(member, reached)])


@contextmanager
def _named(step: Step) -> Iterator[None]:
    """Say which step failed."""
    try:
        yield
    except ClaimedError:
        raise
    except Exception as error:
        raise StepError(str(step)) from error
