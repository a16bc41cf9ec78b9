"""The plan: what would run where, and about how long. Nothing stays changed."""

from collections import defaultdict
from collections.abc import Iterator
from statistics import median
from typing import Any, cast

from django.db import DatabaseError, ProgrammingError, transaction

from tasks.workspace import workspace_context
from tenants import revisions
from tenants.fleet import rehearsal, roster, shared
from tenants.fleet.claims import Patience
from tenants.fleet.errors import ClaimedError, StepError
from tenants.fleet.report import sentence
from tenants.fleet.roster import Member
from tenants.fleet.routes import route
from tenants.fleet.steps import Step

# Seconds, as measured on two cores: what each step costs beside its statements, and what a
# statement does. Tables that hold much, and slower servers, take longer.
STEP_COSTS, STATEMENT_COSTS = 0.003, 0.002
# So many of a group rehearse: the first has a cold start.
REHEARSALS = 3
TOO_EARLY = (
    "What the tenants' schemas need can be told once the shared tables are migrated:"
    " migrate_schemas --shared"
)


def lines(patience: Patience | None = None) -> Iterator[str]:
    """Say how many schemas stand where, what leads them to the target, and about how long.

    With `patience` the first schemas of each starting point rehearse their steps.
    """
    target = revisions.target()
    try:
        asked = {member.schema_name for member in roster.behind(target)}
    except ProgrammingError:
        if shared.is_up_to_date():
            raise
        yield TOO_EARLY
        return
    noted = roster.migrations_of(sorted(asked))
    # Once more: somebody may have been migrated in between, or gone.
    everybody = roster.members()
    late = [each for each in everybody if each.revision != target and each.schema_name in asked]
    yield f"The target is {target}. Of {len(everybody)} schemas {len(late)} are behind."
    for group in _grouped(late, noted):
        steps = _steps(group[0])
        yield from _told(group, steps)
        yield _measured(group, steps, patience) if patience else _guessed(group, steps)
    if missing := [member for member in late if member.schema_name not in noted]:
        yield f"No schema, or none that was made whole: {', '.join(m.name for m in missing)}."


def _guessed(group: list[Member], steps: list[Step]) -> str:
    guess = max(len(group) * sum(map(_cost, steps)), 1)
    besides = "" if all(step.statements is not None for step in steps) else ", besides its Python"
    return (
        f"  about {guess:.0f} s with one worker, by rule of thumb{besides}; --rehearse measures it"
    )


def _measured(group: list[Member], steps: list[Step], patience: Patience) -> str:
    """Say how long the whole group takes if all are like the first ones."""
    tried = group[:REHEARSALS]
    try:
        each = median([rehearsal.seconds(member, steps, patience) for member in tried])
    except ValueError as error:
        return f"  nobody knows how long: {error}"
    except (StepError, ClaimedError, DatabaseError) as error:
        return f"  the rehearsal failed: {sentence(error)}"
    names, total = ", ".join(member.name for member in tried), len(group) * each
    return f"  about {total:.1f} s with one worker; {each:.3f} s each, as measured with {names}"


def _grouped(late: list[Member], noted: dict[str, frozenset[str]]) -> list[list[Member]]:
    groups: dict[frozenset[str], list[Member]] = defaultdict(list)
    for member in late:
        if member.schema_name in noted:
            groups[noted[member.schema_name] & revisions.own_migrations()].append(member)
    return sorted(groups.values(), key=len, reverse=True)


def _steps(member: Member) -> list[Step]:
    with workspace_context(cast("Any", member)), transaction.atomic():
        steps = route()
        # Content types of models that are to come.
        transaction.set_rollback(True)
    return [step for step in steps if step.migration or step.notes]


def _told(group: list[Member], steps: list[Step]) -> Iterator[str]:
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
