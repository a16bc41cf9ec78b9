"""The figures as SVG: the same figures give the same file."""

from collections.abc import Mapping
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


def draw(folder: Path, name: str, rows: list[dict[str, Any]]) -> list[str]:
    """Draw the comparisons of a measurement, and its samples over time; return the file names."""
    files = []
    if compared := [row for row in rows if row["baseline"]]:
        files.append(f"{name}.svg")
        _draw_comparison(compared, folder / files[-1])
    if sampled := [row for row in rows if row["sampled_at"]]:
        files.append(f"{name}-time.svg")
        _draw_over_time(sampled, folder / files[-1])
    return files


def draw_ratios(ratios: Mapping[str, float], path: Path) -> None:
    """Draw each ratio to a peer as a bar that starts at 1, on a logarithmic scale."""
    figure = _figure(1 + 0.35 * len(ratios))
    axes = figure.subplots()
    values = list(ratios.values())
    axes.barh(
        list(ratios),
        [value - 1 for value in values],
        left=1,
        color=["#0054a6" if value <= 1 else "#d9822b" for value in values],
    )
    axes.axvline(1, color="#40464f")
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("measured / peer, logarithmic; below 1 is less than the peer")
    path.parent.mkdir(parents=True, exist_ok=True)
    _save(figure, path)


def _figure(height: float) -> Any:
    # Installed for this alone.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Text stays text: an outline of each letter would be most of the file.
    mpl.rcParams.update({"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 9})
    return Figure(figsize=(9, height), layout="constrained")


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, format="svg", metadata={"Date": None})


def _draw_over_time(rows: list[dict[str, Any]], path: Path) -> None:
    figure = _figure(2.5 * len(rows))
    for axes, row in zip(figure.subplots(len(rows), squeeze=False)[:, 0], rows, strict=True):
        for subject, values in row["samples"].items():
            axes.plot(row["sampled_at"], values, label=subject, marker=".")
        axes.set(title=row["at"], ylabel=row["unit"], xlabel="seconds", ylim=(0, None))
        axes.legend()
    _save(figure, path)


def _draw_comparison(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw the median of each subject as a bar, a group of bars for each row."""
    figure = _figure(1 + 0.55 * len(rows))
    axes = figure.subplots()
    subjects = list(dict.fromkeys(subject for row in rows for subject in row["summary"]))
    for number, subject in enumerate(subjects):
        places = [place for place, row in enumerate(rows) if subject in row["summary"]]
        summaries = [rows[place]["summary"][subject] for place in places]
        medians = [each["median"] for each in summaries]
        height = BAR / len(subjects)
        axes.barh(
            [place + number * height + height / 2 for place in places],
            medians,
            height,
            label=subject,
            color=COLOURS.get(subject),
            xerr=(
                [each["median"] - each["min"] for each in summaries],
                [each["max"] - each["median"] for each in summaries],
            ),
            ecolor="#40464f",
        )
    axes.set_yticks(
        [place + BAR / 2 for place in range(len(rows))],
        [f"{row['at']}\n{row['note']} ({row['unit'] or 'number'})" for row in rows],
    )
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("median, smallest and largest; logarithmic")
    axes.legend()
    _save(figure, path)
