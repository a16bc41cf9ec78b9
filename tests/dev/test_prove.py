"""The figures of `make prove` end between the page's marks, and nowhere else."""

import json
import os
import subprocess
import sys
import time

import psutil
import pytest

from dev import attack_time, foreground, prove
from dev.paths import ROOT

ATTACKS = """
import os, time

def test_1_begun():
    os.environ["ATTACKS_END_AT"] = str(time.time() - 1)

def test_2_late():
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


def test_no_attack_is_begun_once_the_minutes_are_over(tmp_path, bare_environ):
    notes = tmp_path / "not-begun"
    (tmp_path / "test_attacks.py").write_text(ATTACKS)
    environ = attack_time.environment(notes, time.time() + 3600)
    environ["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "dev.attack_time"]
    assert prove.summed_up(notes, 0) == 0

    done = subprocess.run(
        [*command, "-p", "no:django", "-p", "no:randomly", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**bare_environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 passed, 1 skipped" in done.stdout, done.stdout
    assert attack_time.not_begun(notes) == ["test_attacks.py::test_2_late"]
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
