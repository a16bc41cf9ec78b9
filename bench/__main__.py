"""`python -m bench`: runs measurements, keeps their figures, and writes docs/performance.md.

It needs the servers that `python -m dev bench` starts. Its exit code is 1 if a measurement failed.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from bench import report
from bench.measurements import REGISTERED
from bench.page import COMMANDS, Page
from bench.registry import MEASUREMENTS, SIZES, opened
from bench.runner import Figures, run_all

ROOT = Path(__file__).resolve().parent.parent
DETAILS = ROOT / "var" / "bench"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev bench")
    parser.add_argument("--size", choices=SIZES, default="usual")
    parser.add_argument("--only", action="append", choices=REGISTERED, help="leave the others out")
    parser.add_argument("--timeout", type=float, help="seconds of each measurement")
    parser.add_argument("--results", type=Path, help="write JSON here, and no page")
    options = parser.parse_args(arguments)
    size = SIZES[options.size]
    chosen = [name for name in REGISTERED if name in (options.only or REGISTERED)]
    taken: list[Figures] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        databases = partial(opened, size, Path(folder), os.environ)
        seconds = options.timeout or size.timeout_seconds
        for figures in run_all([MEASUREMENTS[name] for name in chosen], databases, seconds):
            taken.append(figures)
            if options.results:
                options.results.write_text(json.dumps([asdict(each) for each in taken]))
            elif size.name in COMMANDS:
                _keep(size.name, figures)
    failures = [f"{figures.name}: {figures.failure}" for figures in taken if figures.failure]
    for failure in failures:
        print(f"Failed: {failure}")
    return 1 if failures else 0


def _keep(size: str, figures: Figures) -> None:
    """Write the details of one measurement, and both pages with it."""
    path = DETAILS / size / f"{figures.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(figures)))
    report.write(DETAILS, COMMANDS, REGISTERED)
    page = Page(ROOT / "docs")
    page.add(size, figures)
    page.write()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
