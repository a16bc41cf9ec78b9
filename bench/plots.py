"""The figures as pictures: bars of each side's median, a row of them for each thing measured."""

from pathlib import Path
from typing import Any

COLOURS = {
    "ours": "#0054a6",
    "service": "#4299e1",
    "stock": "#d9822b",
    "loop": "#2f9e6e",
    "plain": "#8a94a6",
}
BAR = 0.8


def draw(size: str, measurements: list[dict[str, Any]], folder: Path) -> None:
    """Write an SVG for each measurement that compares sides; the same figures, the same file."""
    folder.mkdir(parents=True, exist_ok=True)
    for taken in measurements:
        rows = [row for row in taken["results"] if row["against"]]
        if rows:
            _draw(rows, folder / f"bench-{size}-{taken['name']}.svg")
        if lasting := [row for row in taken["results"] if row["moments"]]:
            _draw_lines(lasting, folder / f"bench-{size}-{taken['name']}-time.svg")


def _figure(height: float) -> Any:
    # Installed for this alone.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update({"svg.hashsalt": "bench", "font.size": 9})
    return Figure(figsize=(9, height), layout="constrained")


def _draw_lines(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw what was taken through time, a picture below the other."""
    figure = _figure(2.5 * len(rows))
    for axes, row in zip(figure.subplots(len(rows), squeeze=False)[:, 0], rows, strict=True):
        for side, values in row["samples"].items():
            axes.plot(row["moments"], values, label=side, marker=".")
        axes.set(title=row["at"], ylabel=row["unit"], xlabel="seconds", ylim=(0, None))
        axes.legend()
    figure.savefig(path, format="svg", metadata={"Date": None})


def _draw(rows: list[dict[str, Any]], path: Path) -> None:
    figure = _figure(1 + 0.55 * len(rows))
    axes = figure.subplots()
    sides = list(dict.fromkeys(side for row in rows for side in row["summary"]))
    is_alike = len({row["unit"] for row in rows}) == 1
    for number, side in enumerate(sides):
        _bars(axes, rows, side, offset=number / len(sides), height=BAR / len(sides))
    axes.set_yticks(
        [row + BAR / 2 for row in range(len(rows))],
        [f"{row['at']}\n{row['note'] if is_alike else _noted(row)}" for row in rows],
    )
    axes.invert_yaxis()
    axes.set_xscale("log")
    unit = rows[0]["unit"] if is_alike else "each in its unit"
    axes.set_xlabel(f"{unit}, median, smallest and largest; logarithmic")
    axes.legend()
    figure.savefig(path, format="svg", metadata={"Date": None})


def _noted(row: dict[str, Any]) -> str:
    return f"{row['note']}, {row['unit']}" if row["note"] else str(row["unit"])


def _bars(
    axes: Any, rows: list[dict[str, Any]], side: str, *, offset: float, height: float
) -> None:
    found = [
        (number, row["summary"][side]) for number, row in enumerate(rows) if side in row["summary"]
    ]
    middles = [said["median"] for _, said in found]
    axes.barh(
        [number + offset * BAR + height / 2 for number, _ in found],
        middles,
        height,
        label=side,
        color=COLOURS.get(side),
        xerr=(
            [middle - said["min"] for middle, (_, said) in zip(middles, found, strict=True)],
            [said["max"] - middle for middle, (_, said) in zip(middles, found, strict=True)],
        ),
        ecolor="#40464f",
    )
