"""`python -m dev test`: servers of its own for each run, gone afterwards."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from dev import orphans, testing
from tests.dev.conftest import PATIENCE

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("commands")]

SHARED = ("SAAS_ENV", "BASE_ORIGIN")
KEYS = ("SECRET_KEY", "PAYLOAD_KEYS", "DIRECTORY_KEY")
SERVERS = ("DATABASE_URL", "DATABASE_ADMIN_URL", "REDIS_URL", "EMAIL_URL", "INBOX_URL")
FILES = ("MEDIA_ROOT", "STATIC_ROOT", "BEAT_SCHEDULE")
REPORT = """
import json, os, time
from pathlib import Path

def test_report():
    report = Path(os.environ["REPORT"])
    report.with_suffix(".new").write_text(json.dumps(dict(os.environ)))
    report.with_suffix(".new").rename(report)
    time.sleep(float(os.environ.get("LINGER", "0")))

def test_failure():
    assert "fail" not in os.environ
"""


MIGRATE = """
import os, time
from pathlib import Path
import psycopg

with Path("migrated.log").open("a") as log:
    log.write("migrated\\n")
time.sleep(float(os.environ.get("LINGER_MIGRATING", "0")))
with psycopg.connect(os.environ["DATABASE_ADMIN_URL"]) as connection:
    connection.execute("CREATE TABLE migrated ()")
"""
MIGRATED = """
import os
import psycopg

def test_the_database_is_migrated():
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"]) as connection:
        connection.execute("SELECT FROM migrated")
"""


@pytest.fixture
def migrations(tree):
    """Let the tree have a database to migrate, and return the log of how often it was."""
    (tree / "tests").mkdir()
    (tree / "tests" / "template.py").write_text(MIGRATE)
    (tree / "test_migrated.py").write_text(MIGRATED)
    (tree / "requirements").mkdir()
    (tree / "requirements" / "dev.txt").write_text("Django==5.2\n")
    return tree / "migrated.log"


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


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.05)


def wait_for_report(process):
    wait_for(process.report.exists)
    return json.loads(process.report.read_text())


def remains(tree):
    return [path.name for path in (tree / "var" / "test").glob("run-*")]


def test_it_passes_pytest_s_options_and_exit_code_on_and_cleans_up(run_tests, tree):
    given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}

    assert run_tests("-k", "failure", fail="1", **given).wait(PATIENCE) == 1
    no_test = run_tests(PYTEST_ADDOPTS="-k nothing_of_this_name", **given)
    assert no_test.wait(PATIENCE) == 5
    assert remains(tree) == []


def test_two_runs_at_once_share_neither_servers_nor_keys_nor_files(run_tests, migrations, tree):
    development = {name: str(tree / "var" / "media") for name in FILES}
    runs = [run_tests("-k", "not failure", LINGER="2", **development) for _ in range(2)]

    first, second = (wait_for_report(run) for run in runs)

    assert [first[name] for name in SHARED] == ["test", "http://localhost"]
    assert first["DATABASE_URL"].startswith("postgres://saas:")
    assert first["DATABASE_ADMIN_URL"].startswith("postgres://postgres:")
    names = (*SHARED, *KEYS, *SERVERS, *FILES)
    assert [name for name in names if first[name] == second[name]] == list(SHARED)
    for name in FILES:
        assert first[name].startswith(f"{tree / 'var' / 'test'}/run-")
    assert [run.wait(PATIENCE) for run in runs] == [0, 0]
    # One of them has migrated, and the other has copied.
    assert migrations.read_text() == "migrated\n"


def kill(run, *, until):
    """Kill a run and its programs, but for its servers, as soon as something has happened."""
    wait_for(until)
    for process in [*psutil.Process(run.pid).children(), psutil.Process(run.pid)]:
        if process.name() not in orphans.SERVER_NAMES:
            process.kill()
    run.wait()


def test_what_a_killed_run_leaves_is_removed_by_the_next_one(run_tests, migrations, tree):
    killed = run_tests("-k", "report", LINGER_MIGRATING="60")
    kill(killed, until=migrations.exists)
    (left,) = remains(tree)
    data = tree / "var" / "test" / left / "postgres"
    assert orphans.servers_in(data) != []

    killed = run_tests("-k", "report", LINGER="60")
    kill(killed, until=killed.report.exists)
    assert orphans.servers_in(data) == []
    (left,) = remains(tree)

    assert run_tests().wait(PATIENCE) == 0

    assert remains(tree) == []
    assert orphans.servers_in(tree / "var" / "test" / left / "postgres") == []
    # The first one's attempt was cut off, and the second one's was kept.
    assert migrations.read_text() == "migrated\n" * 2


def test_what_the_migrated_database_depends_on_has_it_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(testing, "ROOT", tmp_path)
    for name in ("requirements/dev.txt", "dev/postgres.py", "tests/template.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    digests = [testing._digest()]

    for name in ("migrations/0001_initial.py", "models.py", "queries/all.sql", "views.py"):
        path = tmp_path / "accounts" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("changed")
        digests.append(testing._digest())

    assert len(set(digests[:4])) == 4
    assert digests[4] == digests[3]


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
