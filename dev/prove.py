"""`python -m dev prove`: attacks every promise, and writes the figures of a whole run down."""

import argparse
import datetime as dt
import json
import os
import platform
import re
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dev import attack_time, foreground, messages, testing
from dev.environment import over
from dev.paths import ROOT
from dev.progress import say

EVERYTHING = ("tests/promises", "-n", "2")
PAGE = ROOT / "docs" / "promises.md"
FIGURES = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->)", re.DOTALL)

# With as many minutes the attacks have their full length, and with fewer than the latter their
# shortest. On two cores they take some 20 and 9: a slower machine has the rest to spare.
FULL_MINUTES, LEAST_MINUTES = 24.0, 12.0
# What a run takes beside the minutes that are given: its servers, and the end of the last attack.
START_MINUTES, END_MINUTES = 2.0, 1.0


@dataclass(frozen=True)
class Plan:
    pytest: tuple[str, ...]
    # Which part of an attack's length fits: 0 to 1.
    scale: float = 1.0
    is_written_down: bool = False
    # The attacks take no longer than that; None: as long as they need.
    minutes: float | None = None


def main(arguments: list[str]) -> int:
    """Run the attacks, on everything unless told otherwise, and pass pytest's exit code on.

    With minutes it ends within those, `START_MINUTES` and `END_MINUTES`, whatever an attack does.
    """
    started_at = time.time()
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
        environ = over(os.environ, variables, own)
        if own_plan.minutes is not None:
            return _within(own_plan.minutes, started_at, command, environ, place / "not-begun")
        code = foreground.run(command, environ)
        if not code and own_plan.is_written_down:
            write_down(figures)
    return code


def plan(arguments: list[str]) -> Plan:
    """Read `--minutes=N`: every attack, within that time. All else goes to pytest."""
    parser = argparse.ArgumentParser(prog="python -m dev prove", allow_abbrev=False, add_help=False)
    parser.add_argument("--minutes", type=float)
    asked, rest = parser.parse_known_args(arguments)
    if asked.minutes is None:
        return Plan(tuple(rest)) if rest else Plan((*EVERYTHING, "-v"), is_written_down=True)
    spare = (asked.minutes - LEAST_MINUTES) / (FULL_MINUTES - LEAST_MINUTES)
    return Plan(
        tuple(rest) or (*EVERYTHING, "-q"),
        scale=min(1.0, max(0.0, spare)),
        minutes=asked.minutes,
    )


def _within(
    minutes: float, started_at: float, command: list[str], environ: dict[str, str], notes: Path
) -> int:
    """Begin attacks within the minutes. 1 if some were not begun, else as pytest exits."""
    ends_at = min(time.time(), started_at + START_MINUTES * 60) + minutes * 60
    killed_at = started_at + (START_MINUTES + minutes + END_MINUTES) * 60
    seconds = killed_at - time.time() - foreground.ENDING_SECONDS
    command = [*command, "-p", attack_time.__name__]
    own = attack_time.environment(notes, ends_at)
    code = foreground.run(command, over(environ, own), seconds=max(seconds, 1))
    return summed_up(notes, code)


def summed_up(notes: Path, code: int) -> int:
    """Say how many attacks had too little time, and return the exit code of the run."""
    not_begun = attack_time.not_begun(notes)
    if not_begun:
        say(f"{len(not_begun)} attacks were not begun. Give them more minutes.")
    if code == foreground.TIMED_OUT:
        say("The attacks did not end in time, and were ended.")
    return code or int(bool(not_begun))


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
