"""docs/performance.md: one table of goals and one plot, kept as JSON between runs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import plots, report
from bench.goals import GOALS, Goal
from bench.runner import Figures

COMMANDS = {"usual": "make bench", "full": "make bench-full"}
INTRODUCTION = """# Performance

Written by `make bench` and `make bench-full`.
"""
EXPLANATION = """A figure is the median of its rounds. The subjects alternate within a round, and a
ratio is the median of the rounds' own ratios: a disturbance of a round affects both. `plain` is
Django without tenancy, `stock` is django-tenants as documented, both on the same tables. The word
in brackets repeats a row: `make bench ARGS="--only context"`.

The samples, all other figures, their ranges and plots, and what each measurement does
are in `report.md` below `var/bench`, which the same commands write and git ignores.
"""


class Page:
    """The page of a documentation folder: `performance.md`, `performance.json` and the plot."""

    def __init__(self, docs: Path) -> None:
        self._text = docs / "performance.md"
        self._figures = docs / "performance.json"
        self._plot = docs / "images" / "performance.svg"
        self._kept: dict[str, Any] = {"goals": {}, "failures": {}}
        if self._figures.exists():
            self._kept = json.loads(self._figures.read_text())

    def add(self, size: str, figures: Figures) -> None:
        """Replace the goals that a measurement shows; keep their last figures if it failed."""
        key = f"{size} {figures.name}"
        self._kept["failures"].pop(key, None)
        if figures.failure:
            when = report.circumstances(figures.machine).partition(":")[0].rstrip(".")
            text = f"`{figures.name}` of `{COMMANDS[size]}` ({when}): {figures.failure}"
            self._kept["failures"][key] = text
            return
        for goal in GOALS:
            if (goal.size, goal.measurement) == (size, figures.name):
                self._kept["goals"][goal.label] = _shown(goal, figures)

    def write(self) -> None:
        self._figures.write_text(json.dumps(self._kept, indent=1) + "\n")
        shown = {goal: self._kept["goals"].get(goal.label) for goal in GOALS}
        ratios = {
            goal.label.replace("`", ""): each["ratio"]
            for goal, each in shown.items()
            if each and each["ratio"]
        }
        if ratios:
            plots.draw_ratios(ratios, self._plot)
        self._text.write_text("\n".join(self._lines(shown, has_plot=bool(ratios))))

    def _lines(self, shown: dict[Goal, Any], *, has_plot: bool) -> Iterator[str]:
        yield INTRODUCTION
        yield "| Goal | Measured | Peer | Ratio |"
        yield "|---|---|---|---|"
        for goal, each in shown.items():
            cells = (each["measured"], each["peer"], each["ratio"]) if each else ("", "", 0)
            ratio = report.number(cells[2]) if cells[2] else ""
            yield f"| {goal.label} (`{goal.measurement}`) | {cells[0]} | {cells[1]} | {ratio} |"
        yield ""
        if has_plot:
            yield f"![Ratio to the peer](images/{self._plot.name})\n"
        if self._kept["failures"]:
            yield "## Failed in the last run\n"
            yield from (f"- {text}" for text in self._kept["failures"].values())
            yield ""
        yield "## Taken\n"
        yield from self._circumstances(shown)
        yield ""
        yield EXPLANATION

    def _circumstances(self, shown: dict[Goal, Any]) -> Iterator[str]:
        """Yield a line for each machine, date and commit, with its measurements."""
        groups: dict[str, dict[str, None]] = {}
        for goal, each in shown.items():
            if each:
                names = groups.setdefault(f"`{COMMANDS[goal.size]}`, {each['taken']}", {})
                names[f"`{goal.measurement}`"] = None
        for taken, names in groups.items():
            yield f"- {', '.join(names)}: {taken}"


def _shown(goal: Goal, figures: Figures) -> dict[str, Any]:
    """Return what the page shows of a goal. Raises `LookupError` if its row is not there."""
    rows = [
        row for row in figures.results if row["at"].startswith(goal.at) and row["note"] == goal.note
    ]
    if len(rows) != 1 or goal.subject not in rows[0]["summary"]:
        raise LookupError(f"{figures.name} has no row for the goal {goal.label!r}")
    row = rows[0]
    ratio, peer = 0.0, ""
    if goal.peer:
        theirs = row["summary"][goal.peer]["median"]
        ratios = row["ratios"].get(goal.subject)
        ratio = ratios["median"] if ratios else row["summary"][goal.subject]["median"] / theirs
        peer = f"{goal.peer}: {_median(row, goal.peer)}"
    taken = report.circumstances(figures.machine).partition("; load")[0] + "."
    return {"measured": _median(row, goal.subject), "peer": peer, "ratio": ratio, "taken": taken}


def _median(row: dict[str, Any], subject: str) -> str:
    return f"{report.number(row['summary'][subject]['median'])} {row['unit']}"
