"""The walk sees what it is there to see: with any guard taken away, it fails."""

import re

import pytest
from hypothesis import Phase, settings as hypothesis_settings
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import run_state_machine_as_test

from tests.promises.conftest import FULL
from tests.promises.isolation.mutations import MUTATIONS
from tests.promises.isolation.walk import narrowed, walk_of

# A mutation that breaks the program instead of taking a guard away proves nothing.
BROKEN = re.compile(r": (Type|Attribute|Name|Key|Import)Error:")
CHOSEN = [each for each in MUTATIONS if FULL or each.is_quick]


@pytest.mark.parametrize("mutation", CHOSEN, ids=lambda each: each.name)
def test_the_walk_fails_without(mutation, deeds, figure):
    """The walk is narrowed to the steps that can see it, so that no chance decides."""
    with deeds.world.context("acme"):
        if mutation.is_doubled and deeds.has_roles():
            pytest.skip("row-level security keeps this as well: its own tests show that")
    machine = narrowed(walk_of(deeds), mutation.rules)
    settings = hypothesis_settings(
        max_examples=50,
        stateful_step_count=40,
        phases=(Phase.generate,),
        report_multiple_bugs=False,
    )

    with mutation.apply(), pytest.raises((Exception, FlakyFailure)):
        run_state_machine_as_test(machine, settings=settings)

    assert deeds.watch.breaches, f"Nobody noticed that this was gone: {mutation.guard}"
    assert not BROKEN.search(deeds.watch.breaches[0]), deeds.watch.breaches[0]
    what = f"steps until it is noticed that this is gone: {mutation.guard}"
    figure("Nothing leaks", what, deeds.watch.steps)
