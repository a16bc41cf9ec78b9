"""What came out: samples by side, what they measure, and what they come to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from bench.clocks import Spent

Samples = dict[str, list[float]]


@dataclass
class Result:
    """One row of figures: the same thing, done by each side, in alternating rounds."""

    measurement: str
    at: str
    unit: str
    samples: Samples
    # The side that the others are compared with; none for what has no rival.
    against: str = ""
    note: str = ""
    # What all but the slowest took, and how many of a hundred those are.
    tail: dict[str, float] = field(default_factory=dict)
    share: int = 99
    # When each sample was taken, in seconds: then they are drawn through time.
    moments: list[float] = field(default_factory=list)

    def ratios(self, side: str) -> list[float]:
        """Each round's own ratio: what disturbs a round disturbs both sides of it."""
        pairs = zip(self.samples[side], self.samples[self.against], strict=True)
        return [ours / theirs for ours, theirs in pairs if theirs]

    def as_json(self) -> dict[str, Any]:
        """Return everything that was taken, and what the table says of it."""
        said = {name: summary(values) for name, values in self.samples.items()}
        rivals = [name for name in self.samples if self.against and name != self.against]
        ratios = {name: summary(found) for name in rivals if (found := self.ratios(name))}
        samples = {name: [_short(value) for value in each] for name, each in self.samples.items()}
        return {**asdict(self), "samples": samples, "summary": said, "ratios": ratios}


def _short(value: float) -> float:
    """Return as many digits as a clock can measure."""
    return float(f"{value:.4g}")


def summary(values: Sequence[float]) -> dict[str, float]:
    """Return the median, the smallest and the largest of some figures."""
    return {"median": median(values), "min": min(values), "max": max(values)}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that such a share of all doesn't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def in_parts(
    measurement: str, at: str, spent: Mapping[str, Sequence[Spent]], *, against: str = ""
) -> list[Result]:
    """Return three rows in milliseconds: passed, worked by the side, worked by its database."""
    parts = {"wall": "time", "cpu": "processor time of Python", "database": "of the database"}
    return [
        Result(
            measurement,
            at,
            "ms",
            {side: [1000 * getattr(one, part) for one in each] for side, each in spent.items()},
            against,
            note=words,
        )
        for part, words in parts.items()
    ]
