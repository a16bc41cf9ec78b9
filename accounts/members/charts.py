"""Charts as SVG attributes: the Content-Security-Policy allows no inline style."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

WEEKS = 12
HEIGHT = 112
# Leaves room for the figure over the highest bar.
TOP = 20


@dataclass(frozen=True)
class Bar:
    """One week. Horizontal values are in per cent: text keeps its size on every screen."""

    monday: date
    count: int
    x: str
    width: str
    middle: str
    y: int
    height: int
    is_labelled: bool


@dataclass(frozen=True)
class Chart:
    """The weeks up to now, oldest first."""

    bars: list[Bar]
    total: int

    @property
    def baseline(self) -> int:
        return TOP + HEIGHT

    @property
    def label_y(self) -> int:
        return self.baseline + 20


def first_monday(today: date, *, weeks: int = WEEKS) -> date:
    """Return the Monday of the oldest week."""
    return today - timedelta(days=today.weekday(), weeks=weeks - 1)


def weekly(counts: Mapping[date, int], *, today: date, weeks: int = WEEKS) -> Chart:
    """Draw one bar for each week; weeks without a count have 0."""
    monday = first_monday(today, weeks=weeks)
    mondays = [monday + timedelta(weeks=number) for number in range(weeks)]
    figures = [counts.get(monday, 0) for monday in mondays]
    heights = [round(HEIGHT * figure / max(1, *figures)) for figure in figures]
    pitch = 100 / weeks
    bars = [
        Bar(
            monday=monday,
            count=figure,
            x=f"{(number + 0.16) * pitch:.2f}%",
            width=f"{0.68 * pitch:.2f}%",
            middle=f"{(number + 0.5) * pitch:.2f}%",
            y=TOP + HEIGHT - height,
            height=height,
            is_labelled=number in {0, weeks // 2},
        )
        for number, (monday, figure, height) in enumerate(
            zip(mondays, figures, heights, strict=True)
        )
    ]
    return Chart(bars, total=sum(figures))
