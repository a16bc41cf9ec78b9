"""The figures of `make prove` end between the page's marks, and nowhere else."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dev import attack_time, foreground, prove
from dev.paths import ROOT

ATTACKS = """
import os
import time

def test_1_quick():
    pass

def test_1_raises_as_it_is_stopped():
    try:
        time.sleep(60)
    finally:
        raise ValueError("half of it is done")

def test_1_finds_something():
    try:
        time.sleep(60)
    finally:
        assert False, "found"

class Slow:
    def __del__(self):
        time.sleep(0.5)

def test_1_is_in_a_destructor():
    Slow()
    time.sleep(60)

def test_2_endless():
    os.environ["ATTACKS_END_AT"] = str(time.time() - 1)
    time.sleep(60)

def test_3_late():
    pass
"""


def test_the_figures_replace_those_of_last_time(tmp_path, monkeypatch):
    page, figures = tmp_path / "promises.md", tmp_path / "figures.jsonl"
    page.write_text("# Before\n\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    figures.write_text("\n".join(json.dumps(row) for row in (["b", "two", "2"], ["a", "one", "1"])))
    monkeypatch.setattr(prove, "PAGE", page)
    monkeypatch.setattr(prove, "ROOT", tmp_path)

    prove.write_down(figures)

    text = page.read_text()
    assert text.startswith("# Before\n\n<!-- figures -->\nLast written by `make prove` on ")
    assert "| a | one | 1 |\n| b | two | 2 |\n<!-- end of figures -->\nafter\n" in text
    assert "old" not in text


def test_all_attacks_at_full_length_are_written_down():
    plan = prove.plan([])

    assert (plan.scale, plan.is_written_down) == (1, True)
    assert "tests/promises" in plan.pytest


@pytest.mark.parametrize(
    ("minutes", "scale"), [(1, 0), (prove.LEAST_MINUTES, 0), (prove.FULL_MINUTES, 1), (90, 1)]
)
def test_some_minutes_shorten_each_attack_and_leave_the_page_alone(minutes, scale):
    plan = prove.plan([f"--minutes={minutes}"])

    assert (plan.scale, plan.is_written_down) == (scale, False)
    assert "tests/promises" in plan.pytest


def test_one_attack_alone_leaves_the_page_alone():
    plan = prove.plan(["tests/promises/test_twice.py", "-k", "names"])

    assert plan == prove.Plan(("tests/promises/test_twice.py", "-k", "names"))


@pytest.mark.parametrize("attacks", [1, 7, 300])
def test_no_share_is_longer_than_the_time_that_is_left(attacks):
    shares = [attack_time.share(left, attacks, 2, 60) for left in (600, 90, 30, 0)]

    assert shares[2:] == [30, 0]
    assert all(0 <= part <= left for part, left in zip(shares, (600, 90, 30, 0), strict=True))


def test_a_slow_attack_leaves_time_to_the_others():
    """Of 300, eighty may be slow."""
    least = float(
        attack_time.environment(Path("notes"), time.time() + 600)["ATTACKS_LEAST_SECONDS"]
    )

    assert attack_time.share(600, 300, 2, least) == pytest.approx(15, abs=0.1)
    assert attack_time.share(600, 3, 2, least) == 400


def test_an_attack_is_stopped_at_its_end_and_none_is_begun_later(tmp_path, bare_environ):
    notes = tmp_path / "notes.jsonl"
    (tmp_path / "test_attacks.py").write_text(ATTACKS)
    environ = attack_time.environment(notes, time.time() + 3600)
    environ["PYTHONPATH"] = str(ROOT)
    conftest = "from dev import attack_time\nattack_time.share = lambda *_: 0.2\n"
    (tmp_path / "conftest.py").write_text(conftest)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "dev.attack_time"]

    done = subprocess.run(
        [*command, "-p", "no:django", "-p", "no:randomly", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**bare_environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 failed, 1 passed, 4 skipped" in done.stdout, done.stdout
    found = {
        outcome: [name.partition("::")[2] for name in attack_time.noted(notes, outcome)]
        for outcome in (attack_time.BEGUN, attack_time.STOPPED, attack_time.NOT_BEGUN)
    }
    stopped = ["test_1_raises_as_it_is_stopped", "test_1_is_in_a_destructor", "test_2_endless"]
    assert found == {
        "begun": ["test_1_quick", *stopped[:1], "test_1_finds_something", *stopped[1:]],
        "stopped": stopped,
        "not begun": ["test_3_late"],
    }
    assert prove.summed_up(notes, 0) == 1


def test_a_program_is_ended_with_its_children_when_its_time_is_over(tmp_path):
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    program = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        f"subprocess.Popen([sys.executable, '-c', {child!r}], stdout=open(sys.argv[1], 'w')); "
        "time.sleep(60)"
    )
    name = tmp_path / "child"

    code = foreground.run([sys.executable, "-c", program, str(name)], {**os.environ}, seconds=2)

    assert code == foreground.TIMED_OUT
    assert not psutil.pid_exists(int(name.read_text()))
