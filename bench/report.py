"""All figures of the last runs as text: lines in the terminal, and tables in `var/bench`."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import plots

THREE_DIGITS = 100


def line(row: dict[str, Any]) -> str:
    """Return a result as a line for the terminal."""
    subjects = ", ".join(f"{subject} {figure(row, subject)}" for subject in row["summary"])
    return f"    {row['at']} ({row['note'] or row['unit']}): {subjects} {_ratios(row)}"


def write(folder: Path, commands: dict[str, str], order: Sequence[str]) -> None:
    """Write `report.md` and its plots from the figures in the folder, by size."""
    parts = ["# All figures\n"]
    for size, command in commands.items():
        paths = [folder / size / f"{name}.json" for name in order]
        taken = [json.loads(path.read_text()) for path in paths if path.exists()]
        parts += [f"## `{command}`\n"] if taken else []
        parts += [_section(folder / size, each) for each in taken]
    (folder / "report.md").write_text("\n".join(parts))


def _section(folder: Path, taken: dict[str, Any]) -> str:
    name, rows = taken["name"], taken["results"]
    parts = [f"### {name}\n", f"{taken['sentence']}\n", f"*{circumstances(taken['machine'])}*\n"]
    if taken["failure"]:
        parts.append(f"**Failed.** {taken['failure']}\n")
    parts += [f"![{name}]({folder.name}/{plot})\n" for plot in plots.draw(folder, name, rows)]
    return "\n".join([*parts, *_table(rows)])


def circumstances(facts: dict[str, Any]) -> str:
    """Return on which machine, with which programs and when figures were taken."""
    if not facts:
        return "The server didn't answer."
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    return (
        f"{facts['taken_at'][:10]}, commit {facts['commit']}: {facts['cores']} cores of "
        f"{facts['processor']}, {facts['memory_gib']} GiB, {facts['system']}, "
        f"Python {facts['python']}, PostgreSQL {facts['postgresql']}, {packages}; "
        f"load before it {facts['load_before']:.1f}."
    )


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    subjects = list(dict.fromkeys(subject for row in rows for subject in row["summary"]))
    yield f"| Measured | {' | '.join(subjects)} | Ratios |"
    yield "|---" * (len(subjects) + 2) + "|"
    for row in rows:
        cells = [figure(row, subject) if subject in row["summary"] else "" for subject in subjects]
        label = f"{row['at']}: {row['note']}" if row["note"] else row["at"]
        yield f"| {label} | {' | '.join(cells)} | {_ratios(row)} |"
    yield ""


def figure(row: dict[str, Any], subject: str) -> str:
    """Return the median of a subject, with its range and percentile."""
    summary = row["summary"][subject]
    low, high = number(summary["min"]), number(summary["max"])
    spread = f" ({low} to {high})" if low != high else ""
    tail = f", p{row['share']} {number(row['tail'][subject])}" if subject in row["tail"] else ""
    return f"{number(summary['median'])} {row['unit']}{spread}{tail}"


def _ratios(row: dict[str, Any]) -> str:
    ratios = []
    for subject, summary in row["ratios"].items():
        middle, low, high = (number(summary[name]) for name in ("median", "min", "max"))
        ratios.append(f"{subject}/{row['baseline']} **{middle}** ({low} to {high})")
    return "; ".join(ratios)


def number(value: float) -> str:
    """Return three significant digits."""
    return f"{value:,.0f}" if value >= THREE_DIGITS else f"{value:.3g}"
