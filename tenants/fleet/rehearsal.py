"""The rehearsal: a schema takes its steps, and all is taken back. So a plan knows how long."""

import time
from collections.abc import Sequence
from typing import Any, cast

from django.db import connection, transaction

from tasks.workspace import workspace_context
from tenants.fleet import stepping
from tenants.fleet.claims import Patience, claim
from tenants.fleet.roster import Member
from tenants.fleet.steps import Step


def seconds(member: Member, steps: Sequence[Step], patience: Patience) -> float:
    """Return how many seconds a schema takes for its steps, in one transaction that is undone.

    Called as the migrator. The tenant's requests wait for it as for the migration, and what
    Python does outside the database stays done. Raises what a step raises, `ClaimedError`, and
    `ValueError` for steps that can't be undone.
    """
    if not all(step.is_atomic for step in steps):
        raise ValueError("what stands outside a transaction can't be taken back.")
    started_at = time.monotonic()
    with workspace_context(cast("Any", member)), transaction.atomic(durable=True):
        claim(member, patience)
        for step in steps:
            stepping.take(step, member, patience)
            # As its commit would: no table can be changed while its rows wait to be checked.
            connection.check_constraints()
        transaction.set_rollback(True)
    return time.monotonic() - started_at
