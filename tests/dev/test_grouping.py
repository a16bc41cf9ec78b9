"""Tests of a group run in one process, whatever pytest and pytest-xdist are."""

import subprocess
import sys

from dev.paths import ROOT

TESTS = """
import os
from pathlib import Path
import pytest

def note(name):
    with Path(name).open("a") as file:
        file.write(f"{os.getpid()}\\n")

@pytest.mark.xdist_group("servers")
@pytest.mark.parametrize("number", range(8))
def test_of_a_group(number):
    note("group")

@pytest.mark.parametrize("number", range(30))
def test_of_none(number):
    note("others")
"""


def test_a_group_stays_in_one_process_and_the_others_are_spread(tmp_path, bare_environ):
    for name in ("test_one.py", "test_two.py"):
        (tmp_path / name).write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist=loadgroup"]

    done = subprocess.run(
        [*command, "-p", "no:django", "-p", "tests.grouping"],
        cwd=tmp_path,
        env={**bare_environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    processes = {name: (tmp_path / name).read_text().split() for name in ("group", "others")}
    assert [len(processes["group"]), len(set(processes["group"]))] == [16, 1]
    assert len(set(processes["others"])) == 2
