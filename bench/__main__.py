"""`python -m bench`: measure, keep the figures as JSON, and write the page from them.

It wants the servers that `python -m dev bench` starts.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import databases, machine, page
from bench.clocks import DatabaseClock
from bench.measurements import REGISTERED
from bench.registry import MEASUREMENTS, SIZES, Measurement, Run

RESULTS = Path(__file__).resolve().parent.parent / "var" / "bench"


def main(arguments: Sequence[str]) -> int:
    asked = _read(arguments)
    url = os.environ["DATABASE_ADMIN_URL"]
    RESULTS.mkdir(parents=True, exist_ok=True)
    facts = machine.facts(url)
    with databases.made() as made, tempfile.TemporaryDirectory() as folder:
        run = Run(SIZES[asked.size], Path(folder), made, DatabaseClock(url))
        chosen = asked.only or REGISTERED
        report = [_take(run, MEASUREMENTS[name]) for name in chosen]
    _keep(asked, {"size": asked.size, "machine": facts, "measurements": report})
    return 0


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev bench")
    parser.add_argument("--size", choices=SIZES, default="usual")
    parser.add_argument("--only", action="append", choices=REGISTERED, help="leaves the page")
    parser.add_argument("--results", type=Path, help="where the JSON goes")
    return parser.parse_args(arguments)


def _take(run: Run, chosen: Measurement) -> dict[str, Any]:
    print(f"· {chosen.name}: {chosen.sentence}", flush=True)
    rows = []
    for result in chosen.measure(run):
        rows.append(result.as_json())
        print(page.line(rows[-1]), flush=True)
    return {"name": chosen.name, "sentence": chosen.sentence, "results": rows}


def _keep(asked: argparse.Namespace, report: dict[str, Any]) -> None:
    """Write the JSON always, and the page after a whole run that isn't a trial."""
    path = asked.results or RESULTS / f"{'-'.join([asked.size, *(asked.only or [])])}.json"
    path.write_text(json.dumps(report, indent=2) + "\n")
    print(f"· The figures are in {path}.")
    if not asked.only and asked.size != "tiny":
        page.write(RESULTS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
