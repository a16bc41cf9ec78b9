"""The list of measurements, each with the sentence that says what it measures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.clocks import DatabaseClock
from bench.results import Result
from bench.sides import started

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from bench.sides import Side


@dataclass(frozen=True)
class Size:
    """How much of everything a run takes."""

    name: str
    tenants: tuple[int, ...]
    rounds: int
    requests: int
    members: int
    letters: int
    # Whether stock's schemas may be copied, outside the clock.
    copies: bool = False


SIZES = {
    "tiny": Size("tiny", (2,), rounds=1, requests=3, members=60, letters=50),
    "usual": Size("usual", (10, 100), rounds=10, requests=400, members=50_000, letters=5_000),
    "full": Size(
        "full",
        (1_000, 3_000),
        rounds=10,
        requests=400,
        members=50_000,
        letters=100_000,
        copies=True,
    ),
}


@dataclass
class Run:
    """What a measurement works with."""

    size: Size
    folder: Path
    databases: dict[str, dict[str, str]]
    clock: DatabaseClock
    # How many tenants each side has by now.
    tenants: dict[str, int] = field(default_factory=dict)
    # The sides whose first tenants have the rows that are asked for.
    planted: set[str] = field(default_factory=set)

    def sides(self, *names: str, **more: str) -> "AbstractContextManager[dict[str, Side]]":
        """Start sides, with `more` in their environment."""
        return started(names, self.databases, self.clock, self.folder, **more)


Measure = Callable[[Run], Iterator[Result]]


@dataclass(frozen=True)
class Measurement:
    """One of the list."""

    name: str
    sentence: str
    measure: Measure


MEASUREMENTS: dict[str, Measurement] = {}


def measurement(name: str, sentence: str) -> Callable[[Measure], Measure]:
    """Add a function to the list. It yields its rows as they are ready."""

    def add(measure: Measure) -> Measure:
        MEASUREMENTS[name] = Measurement(name, sentence, measure)
        return measure

    return add


def in_turns(rounds: int, sides: dict[str, Any]) -> Iterator[tuple[int, list[str]]]:
    """Yield each round with the sides in a rotating order, so that no side is always first."""
    names = list(sides)
    for number in range(rounds):
        shift = number % len(names)
        yield number, names[shift:] + names[:shift]
