"""Nothing is lost: people come in while every process and server is killed under them."""

import pytest

from tests.promises.chaos.experiment import LONG, SHORT, live_through
from tests.promises.conftest import SCALE

# The part of the minutes below which the long run would take the others' time.
FEW = 0.25

pytestmark = [pytest.mark.long, pytest.mark.stack, pytest.mark.xdist_group("chaos")]


def test_nothing_is_lost_while_processes_are_killed(tmp_path, figure, seed):
    outcome = live_through(tmp_path, LONG if SCALE > FEW else SHORT, seed)

    assert outcome.findings == []
    for what, count in outcome.figures():
        figure("Nothing is lost", what, count)
