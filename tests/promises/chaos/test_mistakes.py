"""The storm can fail: it finds the mistakes that people make here."""

import dataclasses

import pytest

from tests.promises.chaos.mistakes import MISTAKES
from tests.promises.chaos.weather import SHORT, live_through

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("mistakes")]

# What never comes needs no long wait, and many lost pages find more.
IMPATIENT = dataclasses.replace(SHORT, hurry=0.4, patience=20)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_the_storm_finds_a_mistake(mistake, tmp_path, full, seed):
    if not full:
        pytest.skip("`make prove` has the minutes that this takes")
    code = tmp_path / "code"
    code.mkdir()

    aftermath = live_through(tmp_path, IMPATIENT, seed, root=mistake.make_in(code))

    assert any(mistake.found in finding for finding in aftermath.findings), aftermath.findings
