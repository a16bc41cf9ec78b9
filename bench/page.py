"""The figures as text: a line in the terminal, a table in docs/performance.md."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
IMAGES = ROOT / "docs" / "images"
THREE_DIGITS = 100
COMMANDS = {"usual": "make bench", "full": "make bench-full"}
INTRODUCTION = """# Performance

This page is written by `make bench` and `make bench-full`, never by hand. Each figure is the
median of its rounds, with the smallest and the largest in brackets. The sides take turns within
a round, and a ratio is the median of the rounds' own ratios: what disturbs a round disturbs both.
Processor time is that of the side's process, and of all of PostgreSQL's, whoever waits for whom.
"""


def line(row: dict[str, Any]) -> str:
    """Return a result as a line for the terminal."""
    sides = ", ".join(f"{side} {_figure(row, side)}" for side in row["summary"])
    return f"    {row['at']} ({row['note'] or row['unit']}): {sides} {_ratios(row)}"


def write(figures: Path, order: Sequence[str]) -> None:
    """Write the page and its plots from the figures that are there."""
    from bench import plots

    parts = [INTRODUCTION]
    for size, command in COMMANDS.items():
        paths = [figures / size / f"{name}.json" for name in order]
        taken = [json.loads(path.read_text()) for path in paths if path.exists()]
        plots.draw(size, taken, IMAGES)
        parts += [f"## `{command}`\n"] if taken else []
        parts += [_measurement(size, each) for each in taken]
    PAGE.write_text("\n".join(parts))
    print(f"· Wrote {PAGE.relative_to(ROOT)}.")


def _measurement(size: str, taken: dict[str, Any]) -> str:
    parts = [f"### {taken['name'].title()}\n", f"{taken['sentence']} {_circumstances(taken)}\n"]
    return "\n".join([*parts, *_plots(size, taken), *_table(taken["results"])])


def _circumstances(taken: dict[str, Any]) -> str:
    facts = taken["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    return (
        f"*Taken on {facts['taken_at'][:10]}: {facts['cores']} cores of {facts['processor']}, "
        f"{facts['memory_gib']} GiB, {facts['system']}, Python {facts['python']}, "
        f"PostgreSQL {facts['postgresql']}, {packages}; the load before it was "
        f"{facts['load_before']:.1f}.*"
    )


def _plots(size: str, taken: dict[str, Any]) -> Iterator[str]:
    """Name the pictures that there are (`bench/plots.py`)."""
    title, image = taken["name"].title(), f"images/bench-{size}-{taken['name']}"
    if any(row["against"] for row in taken["results"]):
        yield f"![{title}]({image}.svg)\n"
    if any(row["moments"] for row in taken["results"]):
        yield f"![{title}, through time]({image}-time.svg)\n"


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    sides = list(dict.fromkeys(side for row in rows for side in row["summary"]))
    yield f"| What | {' | '.join(sides)} | Ratios |"
    yield "|---" * (len(sides) + 2) + "|"
    for row in rows:
        cells = [_figure(row, side) if side in row["summary"] else "" for side in sides]
        what = f"{row['at']}: {row['note']}" if row["note"] else row["at"]
        yield f"| {what} | {' | '.join(cells)} | {_ratios(row)} |"
    yield ""


def _figure(row: dict[str, Any], side: str) -> str:
    said = row["summary"][side]
    low, high = _number(said["min"]), _number(said["max"])
    spread = f" ({low} to {high})" if low != high else ""
    tail = f", p{row['share']} {_number(row['tail'][side])}" if side in row["tail"] else ""
    return f"{_number(said['median'])} {row['unit']}{spread}{tail}"


def _ratios(row: dict[str, Any]) -> str:
    return "; ".join(_ratio(name, row["against"], said) for name, said in row["ratios"].items())


def _ratio(side: str, against: str, said: dict[str, float]) -> str:
    middle, low, high = (_number(said[name]) for name in ("median", "min", "max"))
    return f"{side}/{against} **{middle}** ({low} to {high})"


def _number(value: float) -> str:
    """Return three digits that count."""
    return f"{value:,.0f}" if value >= THREE_DIGITS else f"{value:.3g}"
