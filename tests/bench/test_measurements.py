"""Each measurement runs, on sizes that say nothing: so that the benchmark doesn't rot."""

import pytest

from bench.measurements import REGISTERED
from bench.registry import MEASUREMENTS

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("bench")]


@pytest.mark.parametrize("name", REGISTERED)
def test_a_measurement_gives_figures(figures_of, name):
    rows = figures_of(name)

    assert MEASUREMENTS[name].sentence.endswith(".")
    assert rows
    assert all(min(values) >= 0 for row in rows for values in row["samples"].values())


def test_a_burst_ends_though_its_notifications_are_lost(figures_of):
    """beat's sweep finds the messages: without beat, the measurement would wait until it fails."""
    labels = [row["at"] for row in figures_of("burst")]

    assert sum("mail sent" in label for label in labels) == 2
