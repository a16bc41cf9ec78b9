"""A run of the bench ends, whichever measurement fails."""

import contextlib
import json
import subprocess
import sys
import time

import pytest

from bench import runner
from bench.measurements.burst import wait_for_all
from bench.registry import Measurement
from bench.results import Result
from bench.service import ProcessEndedError, Service
from dev.paths import ROOT

pytestmark = pytest.mark.xdist_group("bench")


def give(_run):
    yield Result("given", "at", "ms", {"ours": [1.0]})


def raise_an_error(_run):
    yield from give(_run)
    raise RuntimeError("275 messages\nunsent.")


def take_long(_run):
    time.sleep(60)
    yield from ()


def lose_a_process(run):
    with run.subjects("plain") as subjects:
        subjects["plain"].run("os_that_is_not_there.end")
    yield from ()


def reports(run, *measures, seconds=30):
    """Run measurements, each in databases that are counted where they are opened anew."""
    opened = []

    @contextlib.contextmanager
    def open_run():
        opened.append(run)
        yield run

    chosen = [Measurement(measure.__name__, "A sentence.", measure) for measure in measures]
    return list(runner.run_all(chosen, open_run, seconds)), opened


@pytest.mark.parametrize(
    ("measure", "seconds", "reason"),
    [
        (raise_an_error, 30, "RuntimeError: 275 messages unsent."),
        (take_long, 0.5, "TimeLimitError: not finished after 0 s."),
        (lose_a_process, 60, "SubjectError: The process of 'plain' ended: ModuleNotFoundError: "),
    ],
)
def test_a_failed_measurement_ends_no_other(run, measure, seconds, reason):
    (before, failed, after), opened = reports(run, give, measure, give, seconds=seconds)

    assert failed.failure.startswith(reason)
    assert "\n" not in failed.failure
    assert (before.failure, after.failure) == ("", "")
    assert after.results[0]["samples"] == {"ours": [1.0]}
    assert len(opened) == 2


def test_a_failed_measurement_keeps_the_rows_before(run):
    ((failed,), _) = reports(run, raise_an_error)

    assert [row["measurement"] for row in failed.results] == ["given"]


def test_databases_that_cannot_be_created_fail_each_measurement():
    @contextlib.contextmanager
    def refuse():
        raise ConnectionError("the server is away")
        yield

    chosen = [Measurement(name, "A sentence.", give) for name in ("one", "other")]

    found = list(runner.run_all(chosen, refuse, 30))

    assert [each.failure for each in found] == ["ConnectionError: the server is away."] * 2


def test_a_wait_ends_with_a_process_of_the_service(run, tmp_path):
    environment = {**run.environment, **run.databases["isolation"], "SCHEMA_POOL_SIZE": "1"}
    service = Service(0, environment, tmp_path)
    (tmp_path / "worker.log").write_text("Out of memory\n")
    service.processes["worker"] = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    service.processes["worker"].wait(60)

    with pytest.raises(ProcessEndedError, match=r"worker process ended with code 3: Out of memory"):
        wait_for_all(service)


def test_the_command_says_what_failed(bench_environment, tmp_path):
    results = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "--size", "tiny", "--only", "signin"]
    command += ["--timeout", "0.05", "--results", str(results)]

    done = subprocess.run(
        command, cwd=ROOT, env=bench_environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1, done.stdout + done.stderr
    (signin,) = json.loads(results.read_text())
    assert "Failed: signin: " in done.stdout
    assert signin["failure"]
