"""The dry run: which steps would run in which schemas, and how long they take. Changes nothing."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any, cast

from django.db import DatabaseError, ProgrammingError, connection, transaction

from tenancy import revisions
from tenancy.context import workspace_context
from tenancy.errors import SchemaLockedError, StepError
from tenancy.schema_migrations import executor, shared, targets
from tenancy.schema_migrations.locks import lock
from tenancy.schema_migrations.plan_cache import plan
from tenancy.schema_migrations.rendering import Step
from tenancy.schema_migrations.report import sentence
from tenancy.schema_migrations.targets import SchemaTarget
from tenancy.timeouts import DatabaseTimeouts

# Seconds, measured on two cores: the cost of a step besides its statements, and of a statement.
# Large tables and slower servers take longer.
STEP_COSTS, STATEMENT_COSTS = 0.003, 0.002
# How many schemas of a group are tried: the first one includes a cold start.
TRIED = 3
# How many schemas of a group are named.
NAMED = 3
TOO_EARLY = (
    "What the tenants' schemas need is known once the shared tables are migrated:"
    " migrate_schemas --shared"
)


def lines(timeouts: DatabaseTimeouts | None = None) -> Iterator[str]:
    """Yield how many schemas are behind, their steps to the target, and an estimate of the time.

    With `timeouts` the first schemas of each starting point are tried, and rolled back.
    """
    target = revisions.target()
    try:
        found = {schema.schema_name for schema in targets.behind(target)}
    except ProgrammingError:
        if shared.is_up_to_date():
            raise
        yield TOO_EARLY
        return
    recorded = targets.recorded_migrations(sorted(found))
    # Query again: a tenant may have been migrated or deleted in between.
    existing = targets.all_targets()
    late = [each for each in existing if each.revision != target and each.schema_name in found]
    yield f"The target is {target}. Of {len(existing)} schemas {len(late)} are behind."
    groups: dict[frozenset[str], list[SchemaTarget]] = defaultdict(list)
    for schema in late:
        if schema.schema_name in recorded:
            groups[recorded[schema.schema_name] & revisions.own_migrations()].append(schema)
    for group in sorted(groups.values(), key=len, reverse=True):
        yield from _about(group, timeouts)
    if missing := [schema.name for schema in late if schema.schema_name not in recorded]:
        yield f"No schema, or none that was created completely: {', '.join(missing)}."


def _about(group: list[SchemaTarget], timeouts: DatabaseTimeouts | None) -> Iterator[str]:
    """Yield the steps and the time of schemas with the same starting point."""
    with workspace_context(cast("Any", group[0])), transaction.atomic():
        steps = [step for step in plan() if step.migration or step.records]
        # Removes the content types of models that migrations will add.
        transaction.set_rollback(True)
    names = ", ".join(schema.name for schema in group[:NAMED])
    more = f" and {len(group) - NAMED} more" if len(group) > NAMED else ""
    yield f"{len(group)} from the same point ({names}{more}):"
    for step in steps:
        if step.statements is not None:
            yield f"  {step}: {len(step.statements)} statements, the same for all"
        elif not step.is_atomic:
            yield f"  {step}: runs by itself in each, outside a transaction"
        else:
            yield f"  {step}: {'queries each schema' if step.is_quick else 'runs Python in each'}"
    if not steps:
        yield "  their rows and privileges alone"
    yield _measured(group, steps, timeouts) if timeouts else _estimated(group, steps)


def _estimated(group: list[SchemaTarget], steps: list[Step]) -> str:
    costs = [STEP_COSTS + STATEMENT_COSTS * len(step.statements or ()) for step in steps]
    total = max(len(group) * sum(costs), 1)
    besides = "" if all(step.statements is not None for step in steps) else ", besides its Python"
    return (
        f"  about {total:.0f} s with one worker, by rule of thumb{besides}; --dry-run measures it"
    )


def _measured(group: list[SchemaTarget], steps: list[Step], timeouts: DatabaseTimeouts) -> str:
    """Return the time for the whole group, estimated from the first ones."""
    tried = group[:TRIED]
    try:
        each = median([seconds(schema, steps, timeouts) for schema in tried])
    except ValueError as error:
        return f"  can't be measured: {error}"
    except (StepError, SchemaLockedError, DatabaseError) as error:
        return f"  the dry run failed: {sentence(error)}"
    names, total = ", ".join(schema.name for schema in tried), len(group) * each
    return f"  about {total:.1f} s with one worker; {each:.3f} s each, as measured with {names}"


def seconds(schema: SchemaTarget, steps: Sequence[Step], timeouts: DatabaseTimeouts) -> float:
    """Return the seconds that a schema's steps take, in one transaction that is rolled back.

    Called as the migrator. The tenant's requests wait as they do for the migration, and side
    effects of Python outside the database remain. Raises what a step raises, `SchemaLockedError`
    and `ValueError` for steps that can't be rolled back.
    """
    if not all(step.is_atomic for step in steps):
        raise ValueError("what runs outside a transaction can't be rolled back.")
    started_at = time.monotonic()
    with workspace_context(cast("Any", schema)), transaction.atomic(durable=True):
        lock(schema, timeouts)
        for step in steps:
            executor.apply(step, schema, timeouts)
            # A commit would do the same: a table with pending constraint checks can't be altered.
            connection.check_constraints()
        transaction.set_rollback(True)
    return time.monotonic() - started_at
