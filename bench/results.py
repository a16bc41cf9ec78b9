"""Figures: samples by subject, with their medians and ratios."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from bench.resource_usage import ResourceUsage

PARTS = {"wall": "time", "cpu": "processor time of Python", "database": "of the database"}


@dataclass
class Result:
    """One row of figures: the same action of each subject, in alternating rounds."""

    measurement: str
    at: str
    unit: str
    samples: dict[str, list[float]]
    # The subject that the others are compared with, if any.
    baseline: str = ""
    note: str = ""
    # A percentile of each subject, and which percentile it is.
    tail: dict[str, float] = field(default_factory=dict)
    share: int = 99
    # The second of each sample: then they are plotted over time.
    sampled_at: list[float] = field(default_factory=list)

    def ratios(self, subject: str) -> list[float]:
        """Each round's own ratio: a disturbance of a round affects both subjects of it."""
        pairs = zip(self.samples[subject], self.samples[self.baseline], strict=True)
        return [ours / theirs for ours, theirs in pairs if theirs]

    def as_json(self) -> dict[str, Any]:
        """Return the samples to four digits, with their summary and ratios."""
        compared = [name for name in self.samples if self.baseline and name != self.baseline]
        return {
            **asdict(self),
            "samples": {
                name: [float(f"{value:.4g}") for value in each]
                for name, each in self.samples.items()
            },
            "summary": {name: summary(values) for name, values in self.samples.items()},
            "ratios": {name: summary(ratios) for name in compared if (ratios := self.ratios(name))},
        }


def summary(values: Sequence[float]) -> dict[str, float]:
    """Return the median, the smallest and the largest of some figures."""
    return {"median": median(values), "min": min(values), "max": max(values)}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values doesn't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def in_parts(
    measurement: str, at: str, usages: Mapping[str, Sequence[ResourceUsage]], *, baseline: str = ""
) -> list[Result]:
    """Return three rows in milliseconds: wall-clock time, processor time, and the database's."""
    rows = []
    for part, note in PARTS.items():
        samples = {
            subject: [1000 * getattr(usage, part) for usage in each]
            for subject, each in usages.items()
        }
        rows.append(Result(measurement, at, "ms", samples, baseline, note=note))
    return rows
