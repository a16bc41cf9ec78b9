"""Each measurement runs, on sizes that say nothing: so that the benchmark doesn't rot."""

import json
import os
import subprocess
import sys

import pytest

from bench import page
from bench.clocks import Spent
from bench.measurements import REGISTERED
from bench.registry import in_turns
from bench.results import Result, in_parts, percentile
from dev.environment import over, service_environment
from dev.paths import ROOT
from dev.servers import Servers
from tests.stacks import own_servers


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """Servers of its own: it makes the roles, which are a whole cluster's."""
    with own_servers(tmp_path_factory.mktemp("servers")) as servers:
        urls = Servers(
            servers.database.database_url, servers.database.administrator_url, servers.store.url
        )
        own = service_environment("test", servers.keys, urls)
        own |= {"DATABASE_ADMIN_URL": urls.administrator_url, "RATE_LIMITS": "off"}
        yield over(os.environ, own)


def test_each_measurement_gives_figures(servers, tmp_path):
    """In one run: what one of them leaves in the databases, the next ones find there."""
    results = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "--size", "tiny", "--results", str(results)]

    done = subprocess.run(
        command, cwd=ROOT, env=servers, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(results.read_text())["measurements"]
    assert [taken["name"] for taken in report] == REGISTERED
    for taken in report:
        assert taken["sentence"].endswith(".")
        assert taken["results"], taken["name"]
        assert taken["machine"]["postgresql"]
        rows = [values for row in taken["results"] for values in row["samples"].values()]
        assert all(min(values) >= 0 for values in rows), taken["name"]


def test_a_ratio_is_taken_round_by_round():
    busy = Result("x", "at", "ms", {"ours": [1, 10, 2], "plain": [1, 10, 1]}, against="plain")

    said = busy.as_json()

    assert said["ratios"]["ours"] == {"median": 1, "min": 1, "max": 2}
    assert said["summary"]["ours"]["median"] == 2


def test_nobody_is_always_first():
    orders = [order for _, order in in_turns(3, {"a": 1, "b": 2})]

    assert orders == [["a", "b"], ["b", "a"], ["a", "b"]]


def test_a_percentile_is_one_of_the_values():
    assert percentile(list(range(100)), 0.99) == 99
    assert percentile([7], 0.99) == 7


def test_the_page_says_what_was_measured_on_what(tmp_path, monkeypatch):
    spent = {"ours": [Spent(0.001, 0.0005, 0)], "plain": [Spent(0.002, 0.0005, 0)]}
    rows = [row.as_json() for row in in_parts("x", "a try", spent, against="plain")]
    facts = {"taken_at": "2026-11-21", "processor": "a CPU", "cores": 2, "memory_gib": 8}
    facts |= {"system": "Linux", "python": "3.11", "postgresql": "18", "load_before": 0.1}
    facts["packages"] = {}
    taken = {"name": "x", "sentence": "What it is.", "machine": facts, "results": rows}
    (tmp_path / "usual").mkdir()
    (tmp_path / "usual" / "x.json").write_text(json.dumps(taken))
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(page, "ROOT", tmp_path)
    monkeypatch.setattr(page, "IMAGES", tmp_path / "images")
    monkeypatch.setattr("bench.plots.draw", lambda *_: None)

    page.write(tmp_path, ["x", "another, that nobody has taken"])

    text = page.PAGE.read_text()
    assert "2 cores of a CPU" in text
    assert "What it is." in text
    assert "| a try: time | 1 ms | 2 ms | ours/plain **0.5** (0.5 to 0.5) |" in text
