"""The walk sees what it is there to see: with any guard taken away, it fails."""

import contextlib
import re

import pytest
from hypothesis import Phase, settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test
from psycopg import sql

from tenancy import privileges
from tenancy.roles import all_roles
from tests.promises.conftest import FULL
from tests.promises.isolation import backend_mutations, database_mutations
from tests.promises.isolation.mutations import MUTATIONS
from tests.promises.isolation.walk import narrowed, walk_of

# A mutation that breaks the program instead of taking a guard away proves nothing.
BROKEN = re.compile(r": (Type|Attribute|Name|Key|Import|Operational)Error:")
CHOSEN = [each for each in MUTATIONS if FULL or each.is_quick]
DOUBLED = [each for each in CHOSEN if each.refusal is not None]
assert backend_mutations
assert database_mutations


def loosen(world, statements):
    """Take the database's own guards away, in the database of this test."""
    names = {str(role): privileges.named(role) for role in all_roles()}
    schemas = {party: tenant.schema_name for party, tenant in world.tenants.items()}
    for statement in statements:
        world.database.execute(
            sql.SQL(statement.format(**names, **schemas, login=privileges.login()))
        )


def walk_without(mutation, actions, *, examples, steps):
    """Walk the steps that can see it, so that no chance decides. Return what was noticed."""
    machine = narrowed(walk_of(actions), mutation.rules)
    settings = hypothesis_settings(
        max_examples=examples,
        stateful_step_count=steps,
        phases=(Phase.generate,),
        report_multiple_bugs=False,
    )
    # What the database refuses has leaked nowhere.
    actions.watch.passes_refusals = not mutation.is_loud
    # What was noticed first stands in `breaches`: the same walk may not notice it again.
    with mutation.apply(), contextlib.suppress(Exception):
        run_state_machine_as_test(machine, settings=settings)
    return actions.watch.breaches


@pytest.mark.parametrize("mutation", CHOSEN, ids=lambda each: each.name)
def test_the_walk_fails_without(mutation, actions, figure):
    loosen(actions.world, mutation.database)
    actions.watch.refresh()

    breaches = walk_without(mutation, actions, examples=120, steps=10)

    assert breaches, f"Nobody noticed that this was gone: {mutation.guard}"
    assert not BROKEN.search(breaches[0]), breaches[0]
    what = f"steps until it is noticed that this is gone: {mutation.guard}"
    figure("Nothing leaks", what, actions.watch.noticed_at)


@pytest.mark.parametrize("mutation", DOUBLED, ids=lambda each: each.name)
def test_the_database_keeps_it_alone(mutation, actions, figure):
    """With its own guard in place, the same steps show nothing: it refuses, or shows no row."""
    breaches = walk_without(mutation, actions, examples=8, steps=10)

    assert breaches == []
    assert actions.watch.steps
    refusals = actions.watch.refusals
    assert bool(refusals) == bool(mutation.refusal)
    assert all(mutation.refusal in refusal for refusal in refusals), {*refusals}
    said = mutation.refusal or "no such row"
    figure("Nothing leaks", f"what the database says without this: {mutation.guard}", said)
