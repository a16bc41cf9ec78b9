"""Nothing is lost: people come in while every process and server is killed under them."""

import pytest

from tests.promises.chaos.weather import LONG, SHORT, live_through

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("chaos")]


def test_nothing_is_lost_in_a_storm(tmp_path, full, figure, seed):
    aftermath = live_through(tmp_path, LONG if full else SHORT, seed)

    assert aftermath.findings == []
    for what, count in aftermath.figures():
        figure("Nothing is lost", what, count)
