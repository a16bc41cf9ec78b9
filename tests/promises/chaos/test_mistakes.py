"""The chaos run can fail: it finds the mistakes that people make here."""

import pytest

from tests.promises.chaos.experiment import Load, live_through
from tests.promises.chaos.mistakes import MISTAKES
from tests.promises.conftest import LONG

# Two at a time, where there are two to run them.
EACH = [
    pytest.param(mistake, id=mistake.name, marks=pytest.mark.xdist_group(f"mistakes-{number % 2}"))
    for number, mistake in enumerate(MISTAKES)
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_can_still_be_made(mistake):
    """The chaos runs themselves are too long for every day, and the code moves on meanwhile."""
    compile(mistake.code(), mistake.file, "exec")


@pytest.mark.stack
@pytest.mark.parametrize("mistake", EACH)
def test_the_chaos_run_finds_a_mistake(mistake, tmp_path, full, seed):
    if not LONG and not (full and mistake.is_quick):
        pytest.skip("`make prove` has the minutes that this takes")
    code = tmp_path / "code"
    code.mkdir()

    outcome = live_through(tmp_path, aimed_at(mistake), seed, root=mistake.make_in(code))

    assert any(mistake.found in finding for finding in outcome.findings), outcome.findings


def aimed_at(mistake):
    """A small chaos run, in which many hang up: what never comes needs no long wait."""
    return Load(
        seconds=mistake.seconds,
        threads=6,
        at_once=8,
        guests=1,
        pause=mistake.pause,
        hurry=0.4,
        patience=mistake.patience,
        blows=mistake.blows,
        until=mistake.found,
        # Each of those who are there at once has sent theirs.
        forms=8,
    )
