"""The dry run: measures how long a schema's steps take, and rolls them back."""

import time
from collections.abc import Sequence
from typing import Any, cast

from django.db import connection, transaction

from tenancy.context import workspace_context
from tenancy.schema_migrations import executor
from tenancy.schema_migrations.locks import Deadlines, claim
from tenancy.schema_migrations.steps import Step
from tenancy.schema_migrations.targets import SchemaTarget


def seconds(member: SchemaTarget, steps: Sequence[Step], deadlines: Deadlines) -> float:
    """Return the seconds that a schema's steps take, in one transaction that is rolled back.

    Called as the migrator. The tenant's requests wait as they do for the migration, and side
    effects of Python outside the database remain. Raises what a step raises, `SchemaLockedError`
    and `ValueError` for steps that can't be rolled back.
    """
    if not all(step.is_atomic for step in steps):
        raise ValueError("what stands outside a transaction can't be taken back.")
    started_at = time.monotonic()
    with workspace_context(cast("Any", member)), transaction.atomic(durable=True):
        claim(member, deadlines)
        for step in steps:
            executor.take(step, member, deadlines)
            # A commit would do the same: a table with pending constraint checks can't be altered.
            connection.check_constraints()
        transaction.set_rollback(True)
    return time.monotonic() - started_at
