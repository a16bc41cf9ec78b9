"""The plan: which steps would run in which schemas, and how long they take. Changes nothing."""

from collections import defaultdict
from collections.abc import Iterator
from statistics import median
from typing import Any, cast

from django.db import DatabaseError, ProgrammingError, transaction

from tenancy import revisions
from tenancy.context import workspace_context
from tenancy.schema_migrations import dry_run, shared, targets
from tenancy.schema_migrations.errors import SchemaLockedError, StepError
from tenancy.schema_migrations.locks import Deadlines
from tenancy.schema_migrations.plan_cache import route
from tenancy.schema_migrations.report import sentence
from tenancy.schema_migrations.steps import Step
from tenancy.schema_migrations.targets import SchemaTarget

# Seconds, measured on two cores: the cost of a step besides its statements, and of a statement.
# Large tables and slower servers take longer.
STEP_COSTS, STATEMENT_COSTS = 0.003, 0.002
# How many schemas of a group do a dry run: the first one includes a cold start.
DRY_RUNS = 3
TOO_EARLY = (
    "What the tenants' schemas need can be told once the shared tables are migrated:"
    " migrate_schemas --shared"
)


def lines(deadlines: Deadlines | None = None) -> Iterator[str]:
    """Yield how many schemas are behind, their steps to the target, and an estimate of the time.

    With `deadlines` the first schemas of each starting point do a dry run.
    """
    target = revisions.target()
    try:
        asked = {member.schema_name for member in targets.behind(target)}
    except ProgrammingError:
        if shared.is_up_to_date():
            raise
        yield TOO_EARLY
        return
    noted = targets.migrations_of(sorted(asked))
    # Query again: a tenant may have been migrated or deleted in between.
    everybody = targets.all_targets()
    late = [each for each in everybody if each.revision != target and each.schema_name in asked]
    yield f"The target is {target}. Of {len(everybody)} schemas {len(late)} are behind."
    for group in _grouped(late, noted):
        steps = _steps(group[0])
        yield from _told(group, steps)
        yield _measured(group, steps, deadlines) if deadlines else _guessed(group, steps)
    if missing := [member for member in late if member.schema_name not in noted]:
        yield f"No schema, or none that was made whole: {', '.join(m.name for m in missing)}."


def _guessed(group: list[SchemaTarget], steps: list[Step]) -> str:
    guess = max(len(group) * sum(map(_cost, steps)), 1)
    besides = "" if all(step.statements is not None for step in steps) else ", besides its Python"
    return (
        f"  about {guess:.0f} s with one worker, by rule of thumb{besides}; --dry-run measures it"
    )


def _measured(group: list[SchemaTarget], steps: list[Step], deadlines: Deadlines) -> str:
    """Return the time for the whole group, estimated from the first ones."""
    tried = group[:DRY_RUNS]
    try:
        each = median([dry_run.seconds(member, steps, deadlines) for member in tried])
    except ValueError as error:
        return f"  nobody knows how long: {error}"
    except (StepError, SchemaLockedError, DatabaseError) as error:
        return f"  the dry run failed: {sentence(error)}"
    names, total = ", ".join(member.name for member in tried), len(group) * each
    return f"  about {total:.1f} s with one worker; {each:.3f} s each, as measured with {names}"


def _grouped(
    late: list[SchemaTarget], noted: dict[str, frozenset[str]]
) -> list[list[SchemaTarget]]:
    groups: dict[frozenset[str], list[SchemaTarget]] = defaultdict(list)
    for member in late:
        if member.schema_name in noted:
            groups[noted[member.schema_name] & revisions.own_migrations()].append(member)
    return sorted(groups.values(), key=len, reverse=True)


def _steps(member: SchemaTarget) -> list[Step]:
    with workspace_context(cast("Any", member)), transaction.atomic():
        steps = route()
        # Removes the content types of models that migrations will add.
        transaction.set_rollback(True)
    return [step for step in steps if step.migration or step.notes]


def _told(group: list[SchemaTarget], steps: list[Step]) -> Iterator[str]:
    names = ", ".join(member.name for member in group[:3])
    more = f" and {len(group) - 3} more" if len(group) > 3 else ""  # noqa: PLR2004  # As above.
    yield f"{len(group)} from the same point ({names}{more}):"
    yield from (f"  {step}: {_way(step)}" for step in steps)
    if not steps:
        yield "  their rows and privileges alone"


def _way(step: Step) -> str:
    if step.statements is not None:
        return f"{len(step.statements)} statements, the same for all"
    if not step.is_atomic:
        return "runs by itself in each, outside a transaction"
    return "asks each schema" if step.is_quick else "runs Python in each"


def _cost(step: Step) -> float:
    return STEP_COSTS + STATEMENT_COSTS * len(step.statements or ())
