"""`python -m dev test`: servers of its own for each run, gone afterwards."""

import json
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

SHARED = ("SAAS_ENV", "BASE_ORIGIN")
KEYS = ("SECRET_KEY", "PAYLOAD_KEYS", "DIRECTORY_KEY")
SERVERS = ("DATABASE_URL", "DATABASE_ADMIN_URL", "REDIS_URL", "EMAIL_URL", "INBOX_URL")
FILES = ("MEDIA_ROOT", "STATIC_ROOT", "BEAT_SCHEDULE")
REPORT = """
import json, os, time
from pathlib import Path

def test_report():
    Path(os.environ["REPORT"]).write_text(json.dumps(dict(os.environ)))
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
            [sys.executable, "-m", "dev", "test", "-q", *arguments],
            cwd=tree,
            env={
                **bare_environ,
                "REPORT": str(report),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                **environ,
            },
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
    return json.loads(process.report.read_text())


def remains(tree):
    return [path.name for path in (tree / "var" / "test").iterdir() if path.name != "lock"]


def test_it_passes_pytest_s_options_and_exit_code_on_and_cleans_up(run_tests, tree):
    given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}

    assert run_tests("-k", "failure", fail="1", **given).wait(PATIENCE) == 1
    no_test = run_tests(PYTEST_ADDOPTS="-k nothing_of_this_name", **given)
    assert no_test.wait(PATIENCE) == 5
    assert remains(tree) == []


def test_two_runs_at_once_share_neither_servers_nor_keys_nor_files(run_tests, tree):
    development = {name: str(tree / "var" / "media") for name in FILES}
    runs = [run_tests("-k", "report", LINGER="2", **development) for _ in range(2)]

    first, second = (wait_for_report(run) for run in runs)

    assert [first[name] for name in SHARED] == ["test", "http://localhost"]
    assert first["DATABASE_URL"].startswith("postgres://saas:")
    assert first["DATABASE_ADMIN_URL"].startswith("postgres://postgres:")
    names = (*SHARED, *KEYS, *SERVERS, *FILES)
    assert [name for name in names if first[name] == second[name]] == list(SHARED)
    for name in FILES:
        assert first[name].startswith(f"{tree / 'var' / 'test'}/run-")
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
