"""The walk that looks for leaks, through PgBouncer in transaction mode: `make prove`'s own."""

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
PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin"


class LeakError(AssertionError):
    """The walk has failed; what it says of that stands in the message."""


@measurement(
    "isolation",
    "Steps of the isolation fuzzer (`tests/promises/isolation/`) through PgBouncer in transaction "
    "mode, a look everywhere after each of them: whatever one tenant sees of another's ends the "
    "run. It goes in `make bench-full`.",
)
def isolation(run: Run) -> Iterator[Result]:
    steps, note = 0.0, _obstacle(run)
    if not note:
        steps, note = _walk(run), "none of another's was seen"
    yield Result("isolation", "through PgBouncer", "steps", {"ours": [steps]}, note=note)


def _obstacle(run: Run) -> str:
    if run.size.name != "full":
        return "not walked: `make bench-full` does"
    if not shutil.which("pgbouncer", path=PLACES):
        return "not walked: pgbouncer is not installed"
    return ""


def _walk(run: Run) -> float:
    """Return how many steps were walked. Raises `LeakError`."""
    figures = run.folder / "figures.jsonl"
    own = {"PROMISES": "full", "PROMISES_FIGURES": str(figures), "RATE_LIMITS": "on"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", TEST],
        cwd=ROOT,
        env={**os.environ, **run.databases["walk"], **own},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LeakError(done.stdout[-5000:] + done.stderr[-5000:])
    ((_promise, _what, steps),) = map(json.loads, figures.read_text().splitlines())
    return float(steps)
