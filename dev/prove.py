"""`python -m dev prove`: attacks every promise at full length, and writes the figures down."""

import datetime as dt
import json
import os
import platform
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from dev import foreground, messages, testing
from dev.environment import over
from dev.paths import ROOT
from dev.progress import say

ATTACKS = "tests/promises"
PAGE = ROOT / "docs" / "promises.md"
FIGURES = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def main(arguments: list[str]) -> int:
    """Run the attacks, on everything unless told otherwise, and pass pytest's exit code on."""
    messages.compile_all()
    with (
        testing.folder() as place,
        testing.environment(place, testing.migrated(place)) as variables,
    ):
        figures = place / "figures.jsonl"
        own = {"PROMISES": "full", "PROMISES_FIGURES": str(figures)}
        command = [sys.executable, "-m", "pytest", *(arguments or (ATTACKS, "-n", "2", "-v"))]
        code = foreground.run(command, over(os.environ, variables, own))
        if not code and not arguments:
            write_down(figures)
    return code


def write_down(figures: Path) -> None:
    """Put the figures of a whole run, and nothing else, between the page's marks."""
    rows = sorted(json.loads(line) for line in figures.read_text().splitlines())
    table = "\n".join(_table(rows))
    PAGE.write_text(FIGURES.sub(lambda marks: f"{marks[1]}{table}\n{marks[2]}", PAGE.read_text()))
    say(f"Wrote {len(rows)} figures to {PAGE.relative_to(ROOT)}.")


def _table(rows: Iterable[tuple[str, str, str]]) -> Iterable[str]:
    today = dt.datetime.now(tz=dt.UTC).date()
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    yield f"Last written by `make prove` on {today.isoformat()} ({machine}).\n"
    yield "| Promise | What was counted | Figure |"
    yield "|---|---|---|"
    for promise, what, figure in rows:
        yield f"| {promise} | {what} | {figure} |"
