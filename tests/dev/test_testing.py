"""`python -m dev test`: servers of its own for each run, gone afterwards."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from dev import leftovers
from tests.dev.conftest import PATIENCE

pytestmark = pytest.mark.xdist_group("commands")

REPORT = """
import os, time
from pathlib import Path

def test_report():
    names = ("SAAS_ENV", "DATABASE_URL", "DATABASE_ADMIN_URL", "REDIS_URL", "EMAIL_URL",
             "INBOX_URL", "BASE_ORIGIN", "SECRET_KEY", "PAYLOAD_KEYS", "DIRECTORY_KEY")
    Path(os.environ["REPORT"]).write_text("\\n".join(os.environ[name] for name in names))
    time.sleep(float(os.environ.get("LINGER", "0")))

def test_failure():
    assert "fail" not in os.environ
"""


@pytest.fixture
def run_tests(tree, bare_environ, tmp_path):
    (tree / "test_report.py").write_text(REPORT)
    started = []

    def start(*arguments, **environ):
        report = tmp_path / f"report-{len(started)}"
        process = subprocess.Popen(
            [sys.executable, "-m", "dev", "test", "-q", "-p", "no:django", *arguments],
            cwd=tree,
            env={**bare_environ, "REPORT": str(report), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        process.report = report
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


def wait_for_report(process):
    deadline = time.monotonic() + PATIENCE
    while not (process.report.exists() and process.report.read_text()):
        assert time.monotonic() < deadline, "the tests never started"
        time.sleep(0.05)
    return process.report.read_text().splitlines()


def remains(tree):
    return [path.name for path in (tree / "var" / "test").iterdir() if path.name != "lock"]


def test_it_passes_pytest_s_exit_code_on_and_cleans_up(run_tests, tree):
    assert run_tests("-k", "report").wait(60) == 0
    assert run_tests("-k", "failure", fail="1").wait(60) == 1
    assert run_tests("-k", "nothing_of_this_name").wait(60) == 5
    assert remains(tree) == []


def test_pytest_s_own_variable_is_respected(run_tests):
    assert run_tests(PYTEST_ADDOPTS="-k nothing_of_this_name").wait(60) == 5


def test_the_service_is_told_that_these_are_tests(run_tests):
    mode, database, administrator, *_, origin, _, _, _ = wait_for_report(run_tests("-k", "report"))

    assert (mode, origin) == ("test", "http://localhost")
    assert database.startswith("postgres://saas:")
    assert administrator.startswith("postgres://postgres:")


def test_two_runs_at_once_share_nothing(run_tests):
    runs = [run_tests("-k", "report", LINGER="2") for _ in range(2)]

    first, second = (wait_for_report(run) for run in runs)

    # Position 0 is the mode and position 6 the origin.
    shared = [index for index in range(10) if first[index] == second[index]]
    assert shared == [0, 6]
    assert [run.wait(60) for run in runs] == [0, 0]


def test_a_killed_run_is_swept_up_by_the_next_one(run_tests, tree):
    killed = run_tests("-k", "report", LINGER="60")
    wait_for_report(killed)
    for process in [*psutil.Process(killed.pid).children(), psutil.Process(killed.pid)]:
        if process.name() not in leftovers.SERVER_NAMES:
            process.kill()
    killed.wait()
    (left,) = remains(tree)
    data = tree / "var" / "test" / left / "postgres"
    assert leftovers.servers_in(data) != []

    assert run_tests("-k", "report").wait(60) == 0

    assert remains(tree) == []
    assert leftovers.servers_in(data) == []


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_tests_and_cleans_up(run_tests, tree, end):
    process = run_tests("-k", "report", LINGER="60")
    wait_for_report(process)

    for child in psutil.Process(process.pid).children():
        if "pytest" in child.cmdline() and end == signal.SIGINT:
            # A terminal sends Ctrl-C to every process in the foreground.
            child.send_signal(end)
    os.kill(process.pid, end)

    assert process.wait(40) != 0
    assert remains(tree) == []
