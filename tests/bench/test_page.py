"""The page of figures, and the details beside it."""

import dataclasses
import json

import pytest

from bench import report
from bench.goals import GOALS
from bench.measurements import REGISTERED
from bench.page import COMMANDS, Page
from bench.resource_usage import ResourceUsage
from bench.results import in_parts
from bench.runner import Figures
from dev.paths import ROOT

FACTS = {
    "taken_at": "2026-11-21T10:00:00",
    "commit": "abc1234",
    "processor": "a CPU",
    "cores": 2,
    "memory_gib": 8,
    "system": "Linux",
    "python": "3.11",
    "postgresql": "18",
    "packages": {},
    "load_before": 0.1,
}


@pytest.fixture(autouse=True)
def no_plots(monkeypatch):
    """matplotlib is installed by `make bench` alone."""
    monkeypatch.setattr("bench.plots.draw_ratios", lambda *_: None)
    monkeypatch.setattr("bench.plots.draw", lambda *_: [])


@pytest.fixture
def taken():
    spent = {"ours": [ResourceUsage(0.001, 0.0005, 0)], "plain": [ResourceUsage(0.002, 0.0005, 0)]}
    rows = in_parts("context", "a transaction of three", spent, baseline="plain")
    return Figures("context", "What it is.", FACTS, [row.as_json() for row in rows])


def test_the_page_shows_a_goal_with_its_peer_and_ratio(tmp_path, taken):
    page = Page(tmp_path)
    page.add("usual", taken)
    page.write()

    text = (tmp_path / "performance.md").read_text()
    assert "| A transaction of three queries (`context`) | 1 ms | plain: 2 ms | 0.5 |" in text
    assert "`context`: `make bench`, 2026-11-21, commit abc1234: 2 cores of a CPU" in text


def test_the_page_says_what_failed_and_keeps_its_last_figures(tmp_path, taken):
    page = Page(tmp_path)
    page.add("usual", taken)
    page.write()

    page = Page(tmp_path)
    page.add("usual", dataclasses.replace(taken, results=[], failure="TimeoutError: 3 unsent."))
    page.write()

    text = (tmp_path / "performance.md").read_text()
    assert "`context` of `make bench` (2026-11-21, commit abc1234): TimeoutError: 3 unsent." in text
    assert "| 1 ms | plain: 2 ms | 0.5 |" in text


def test_a_measurement_that_succeeds_again_is_no_failure(tmp_path, taken):
    page = Page(tmp_path)
    page.add("usual", dataclasses.replace(taken, failure="TimeoutError: 3 unsent."))
    page.add("usual", taken)
    page.write()

    assert "Failed" not in (tmp_path / "performance.md").read_text()


def test_a_goal_without_its_row_is_refused(tmp_path, taken):
    with pytest.raises(LookupError, match="A transaction of three queries"):
        Page(tmp_path).add("usual", dataclasses.replace(taken, results=[]))


def test_the_page_of_this_checkout_is_what_its_figures_give(tmp_path):
    kept = (ROOT / "docs" / "performance.json").read_text()
    (tmp_path / "performance.json").write_text(kept)

    Page(tmp_path).write()

    written = (tmp_path / "performance.md").read_text()
    assert written == (ROOT / "docs" / "performance.md").read_text()
    assert set(json.loads(kept)["goals"]) <= {goal.label for goal in GOALS}


def test_the_page_has_at_most_fifteen_goals_of_registered_measurements():
    assert len(GOALS) <= 15
    assert {goal.measurement for goal in GOALS} <= set(REGISTERED)


def test_the_report_has_all_figures(tmp_path, taken):
    (tmp_path / "usual").mkdir()
    figures = tmp_path / "usual" / "context.json"
    figures.write_text(json.dumps(dataclasses.asdict(taken)))

    report.write(tmp_path, COMMANDS, ["context", "another, that is not taken"])

    text = (tmp_path / "report.md").read_text()
    assert "2 cores of a CPU" in text
    assert "What it is." in text
    row = "| a transaction of three: time | 1 ms | 2 ms | ours/plain **0.5** (0.5 to 0.5) |"
    assert row in text
