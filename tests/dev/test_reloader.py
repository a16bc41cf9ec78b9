"""The reloader: restarts on a change, follows the program's end, and leaves no orphan."""

import signal
import subprocess
import sys
import time

import pytest

from dev import processes


@pytest.fixture
def program(tree, bare_environ):
    """A program with a child, in a tree whose code may change; both pids are in its lines."""
    (tree / "saas").mkdir()
    (tree / "program").write_text('#!/bin/sh\nsleep 1000 &\necho "$$ $!" >> pids\nwait\n')
    (tree / "program").chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "dev.reloader", "./program"], cwd=tree, env=bare_environ
    )
    yield process
    process.terminate()
    process.wait(10)


def starts(tree, count):
    """Wait for so many starts, and return the process ids of each."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        lines = (tree / "pids").read_text().splitlines() if (tree / "pids").exists() else []
        if len(lines) >= count:
            return [[int(pid) for pid in line.split()] for line in lines]
        time.sleep(0.05)
    pytest.fail(f"there were no {count} starts")


def is_running(pid):
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False)
    return bool(found.stdout.strip()) and not found.stdout.startswith(b"Z")


def test_a_change_replaces_the_program_and_its_children(program, tree):
    starts(tree, 1)
    time.sleep(0.6)  # Until it watches, of which nothing tells.
    (tree / "saas" / "settings.py").write_text("DEBUG = True\n")

    before, after = starts(tree, 2)

    assert [is_running(pid) for pid in before] == [False, False]
    assert [is_running(pid) for pid in after] == [True, True]


def test_the_end_takes_the_program_and_its_children_along(program, tree):
    (pids,) = starts(tree, 1)

    program.send_signal(signal.SIGTERM)

    assert program.wait(10) == 0
    assert [is_running(pid) for pid in pids] == [False, False]


def test_a_program_that_ends_by_itself_ends_the_reloader_with_its_code(tree, bare_environ):
    (tree / "saas").mkdir()

    done = subprocess.run(
        [sys.executable, "-m", "dev.reloader", "sh", "-c", "exit 7"],
        cwd=tree,
        env=bare_environ,
        timeout=20,
        check=False,
    )

    assert done.returncode == 7


def test_a_change_that_breaks_the_program_waits_for_the_one_that_mends_it(program, tree):
    starts(tree, 1)
    time.sleep(0.6)  # Until it watches, of which nothing tells.
    whole = (tree / "program").read_text()
    (tree / "program").write_text("#!/bin/sh\necho broken >> broken\nexit 1\n")
    (tree / "saas" / "settings.py").write_text("DEBUG = oops\n")
    deadline = time.monotonic() + 20
    while not (tree / "broken").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.2)  # It looks twice in that time, and doesn't end with the program.
    (tree / "program").write_text(whole)
    (tree / "saas" / "templates.html").write_text("mended")

    _, mended = starts(tree, 2)

    assert [is_running(pid) for pid in mended] == [True, True]
    assert program.poll() is None


def test_each_process_of_run_is_started_again_on_a_change():
    assert set(processes.commands()) == {"web", "worker", "beat"}
    for name, command in processes.commands().items():
        assert command.endswith(f"-m dev.reloader bin/start {name}")
