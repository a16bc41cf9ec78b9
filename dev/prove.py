"""`python -m dev prove`: attacks every promise, and writes the figures of a whole run down."""

import argparse
import datetime as dt
import json
import os
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dev import foreground, messages, testing
from dev.environment import over
from dev.paths import ROOT
from dev.progress import say

EVERYTHING = ("tests/promises", "-n", "2")
PAGE = ROOT / "docs" / "promises.md"
FIGURES = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->)", re.DOTALL)


# On two cores: what the attacks take at full length, and what those alone that can't be shortened.
FULL_MINUTES, LEAST_MINUTES = 20.0, 8.0


@dataclass(frozen=True)
class Plan:
    pytest: tuple[str, ...]
    # Which part of an attack's length fits: 0 to 1.
    scale: float = 1.0
    is_written_down: bool = False


def main(arguments: list[str]) -> int:
    """Run the attacks, on everything unless told otherwise, and pass pytest's exit code on."""
    messages.compile_all()
    own_plan = plan(arguments)
    with (
        testing.folder() as place,
        testing.environment(place, testing.migrated(place)) as variables,
    ):
        figures = place / "figures.jsonl"
        own = {
            "PROMISES": "full",
            "PROMISES_FIGURES": str(figures),
            "PROMISES_SCALE": str(own_plan.scale),
        }
        command = [sys.executable, "-m", "pytest", *own_plan.pytest]
        code = foreground.run(command, over(os.environ, variables, own))
        if not code and own_plan.is_written_down:
            write_down(figures)
    return code


def plan(arguments: list[str]) -> Plan:
    """Read `--minutes=N`: every attack, within about that time. All else goes to pytest."""
    parser = argparse.ArgumentParser(prog="python -m dev prove", allow_abbrev=False, add_help=False)
    parser.add_argument("--minutes", type=float)
    asked, rest = parser.parse_known_args(arguments)
    if asked.minutes is None:
        return Plan(tuple(rest)) if rest else Plan((*EVERYTHING, "-v"), is_written_down=True)
    spare = (asked.minutes - LEAST_MINUTES) / (FULL_MINUTES - LEAST_MINUTES)
    return Plan(tuple(rest) or (*EVERYTHING, "-q"), scale=min(1.0, max(0.0, spare)))


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
