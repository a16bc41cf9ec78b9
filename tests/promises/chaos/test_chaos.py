"""Nothing is lost: people come in while every process and server is killed under them."""

import pytest

from tests.promises import conftest
from tests.promises.chaos.experiment import LONG, SHORT, live_through

pytestmark = [pytest.mark.long, pytest.mark.stack, pytest.mark.xdist_group("chaos")]


def test_nothing_is_lost_while_processes_are_killed(tmp_path, figure, seed):
    outcome = live_through(tmp_path, LONG if conftest.LONG else SHORT, seed)

    assert outcome.findings == []
    for what, count in outcome.figures():
        figure("Nothing is lost", what, count)
