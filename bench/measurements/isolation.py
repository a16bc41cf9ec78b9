"""The isolation fuzzer of `make prove`, through PgBouncer in transaction mode."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.registry import Run, measurement
from bench.results import Result

ROOT = Path(__file__).resolve().parents[2]
TEST = "tests/promises/isolation/test_walk.py::test_nor_through_pgbouncer"
PATHS = f"{os.environ.get('PATH', '')}:/usr/sbin"


class LeakError(AssertionError):
    """The fuzzer has failed; the end of its output is a note of the error."""


@measurement(
    "isolation",
    "Steps of the isolation fuzzer (`tests/promises/isolation/`) through PgBouncer in transaction "
    "mode, with all tenants inspected after each: the first row that another tenant can read ends "
    "the run. It runs in `make bench-full`.",
)
def isolation(run: Run) -> Iterator[Result]:
    steps = 0.0
    if run.size.name != "full":
        note = "not run: `make bench-full` does"
    elif not shutil.which("pgbouncer", path=PATHS):
        note = "not run: pgbouncer is not installed"
    else:
        steps, note = _fuzz(run), "no row of another tenant was read"
    yield Result("isolation", "through PgBouncer", "steps", {"ours": [steps]}, note=note)


def _fuzz(run: Run) -> float:
    """Return the number of steps. Raises `LeakError`."""
    figures = run.folder / "figures.jsonl"
    own = {"PROMISES": "full", "PROMISES_FIGURES": str(figures), "RATE_LIMITS": "on"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", TEST],
        cwd=ROOT,
        env={**run.environment, **run.databases["isolation"], **own},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        error = LeakError(f"`{TEST}` ended with code {done.returncode}")
        error.add_note(done.stdout[-5000:] + done.stderr[-5000:])
        raise error
    ((_promise, _label, steps),) = map(json.loads, figures.read_text().splitlines())
    return float(steps)
