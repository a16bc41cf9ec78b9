"""What happens to one schema: step by step to the target, each step whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.db import connection, transaction

from tasks.workspace import workspace_context
from tenants import revisions
from tenants.fleet import roster
from tenants.fleet.claims import Patience, claim, held_beside
from tenants.fleet.errors import ClaimedError, StepError
from tenants.fleet.roster import Member
from tenants.fleet.routes import Routes
from tenants.fleet.steps import Step, grant
from tenants.revisions import Revision


def advance(member: Member, routes: Routes, patience: Patience) -> None:
    """Take a schema's steps until it is at the target, where it may be already.

    Called as the migrator, outside transactions. Raises `ClaimedError` while another worker
    is at it, `StepError` for a step that failed, whatever the database says to the claim.
    """
    with workspace_context(cast("Any", member)):
        while not _go_on(member, routes, patience):
            pass


def _go_on(member: Member, routes: Routes, patience: Patience) -> bool:
    """Take one step, and say whether it was the last."""
    with transaction.atomic(durable=True):
        noted = claim(member, patience)
        step = routes.next(noted)
        if step is not None and step.is_atomic:
            with _named(step):
                _take(step, member)
            return step.is_last
    if step is None:
        routes.explore(noted)
        return False
    return _go_on_alone(step, member, patience)


def _take(step: Step, member: Member) -> None:
    if not step.is_quick:
        _wait_for_rows()
    step.run()
    _finish(step, member)


def _go_on_alone(step: Step, member: Member, patience: Patience) -> bool:
    """Take a step that is no single transaction: killed in the middle, it is half done."""
    with held_beside(member, patience) as noted:
        if noted & revisions.own_migrations() != step.start:
            return False
        with _named(step):
            step.run()
            with transaction.atomic(durable=True):
                _finish(step, member)
    return step.is_last


def _finish(step: Step, member: Member) -> None:
    """Add what belongs to the step, and say in the member's row what the schema has had."""
    step.finish(member)
    target = revisions.target()
    granted = member.revision.privileges
    if not step.is_known or (step.is_last and granted != target.privileges):
        grant(member)
        granted = target.privileges
    roster.note(member, Revision(step.reached, granted))


def _wait_for_rows() -> None:
    """Let statements take their time: they are about rows, which nobody else waits for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_catalog.set_config('statement_timeout', '0', true)")


@contextmanager
def _named(step: Step) -> Iterator[None]:
    """Say which step failed."""
    try:
        yield
    except ClaimedError:
        raise
    except Exception as error:
        raise StepError(str(step)) from error
