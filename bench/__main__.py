"""`python -m bench`: measure, keep the figures as JSON below docs, and write the page from them.

It needs the servers that `python -m dev bench` starts.
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

# A file for each measurement and size, so that repeating one doesn't change the others.
FIGURES = Path(__file__).resolve().parent.parent / "docs" / "figures"


def main(arguments: Sequence[str]) -> int:
    asked = _read(arguments)
    url = os.environ["DATABASE_ADMIN_URL"]
    report = []
    with databases.made() as made, tempfile.TemporaryDirectory() as folder:
        run = Run(SIZES[asked.size], Path(folder), made, DatabaseClock(url))
        for name in asked.only or REGISTERED:
            report.append(_take(run, url, MEASUREMENTS[name]))
            _keep(asked, report)
    return 0


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev bench")
    parser.add_argument("--size", choices=SIZES, default="usual")
    parser.add_argument("--only", action="append", choices=REGISTERED, help="and leave the others")
    parser.add_argument("--results", type=Path, help="where the JSON goes, instead of the page")
    return parser.parse_args(arguments)


def _take(run: Run, url: str, chosen: Measurement) -> dict[str, Any]:
    facts = machine.facts(url)
    print(f"· {chosen.name}: {chosen.sentence}", flush=True)
    rows = []
    for result in chosen.measure(run):
        rows.append(result.as_json())
        print(page.line(rows[-1]), flush=True)
    return {"name": chosen.name, "sentence": chosen.sentence, "machine": facts, "results": rows}


def _keep(asked: argparse.Namespace, report: list[dict[str, Any]]) -> None:
    """Write the last results, and the page with them; a trial writes to the given folder."""
    if asked.results:
        asked.results.write_text(json.dumps({"size": asked.size, "measurements": report}))
    elif asked.size != "tiny":
        folder = FIGURES / asked.size
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{report[-1]['name']}.json").write_text(json.dumps(report[-1]) + "\n")
        page.write(FIGURES, REGISTERED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
