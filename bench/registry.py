"""The list of measurements, each with the sentence that says what it measures."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from bench import databases
from bench.resource_usage import PostgresUsage
from bench.results import Result
from bench.subjects import Subject, Subjects


@dataclass(frozen=True)
class Size:
    """How many tenants, rounds, requests and rows a run uses."""

    name: str
    tenants: tuple[int, ...]
    rounds: int
    requests: int
    members: int
    messages: int
    # Of one measurement. Four times what a machine of two cores takes, and more.
    timeout_seconds: int
    # Of each variant of the connections: processes, seconds, and how often memory is read.
    processes: int = 4
    connection_seconds: float = 10
    memory_readings: int = 20
    # Whether stock's schemas may be copied; the copying is not measured.
    copies: bool = False
    # Whether measurements share processes.
    keeps_subjects: bool = False


SIZES = {
    "tiny": Size(
        "tiny",
        (2,),
        rounds=1,
        requests=2,
        members=60,
        messages=20,
        timeout_seconds=600,
        processes=2,
        connection_seconds=0.5,
        memory_readings=2,
        keeps_subjects=True,
    ),
    "usual": Size(
        "usual",
        (10, 100),
        rounds=10,
        requests=400,
        members=50_000,
        messages=5_000,
        timeout_seconds=30 * 60,
    ),
    "full": Size(
        "full",
        (1_000, 3_000),
        rounds=10,
        requests=400,
        members=50_000,
        messages=100_000,
        timeout_seconds=4 * 60 * 60,
        connection_seconds=300,
        copies=True,
    ),
}


@dataclass
class Run:
    """The databases of a run, and what the measurements have written there."""

    size: Size
    folder: Path
    environment: Mapping[str, str]
    databases: dict[str, dict[str, str]]
    postgres: PostgresUsage
    processes: Subjects
    # The number of tenants of each subject; a subject without an entry has no tables.
    tenants: dict[str, int] = field(default_factory=dict)
    # The subjects whose first tenants have the rows that the measured page reads.
    with_rows: set[str] = field(default_factory=set)
    # The number of the next visitor who signs up over HTTP.
    next_visitor: int = 0

    def subjects(self, *names: str, **variables: str) -> AbstractContextManager[dict[str, Subject]]:
        """Start subjects, with `variables` in their environment."""
        return self.processes.started(names, variables)


@contextlib.contextmanager
def opened(
    size: Size, folder: Path, environ: Mapping[str, str], *, migrated: str = ""
) -> Iterator[Run]:
    """Create the databases of a run, and drop them at the end."""
    with databases.created(environ, migrated) as created:
        usage = PostgresUsage(environ["DATABASE_ADMIN_URL"])
        processes = Subjects(environ, created, usage, folder, keeps=size.keeps_subjects)
        with contextlib.closing(processes):
            yield Run(size, folder, environ, created, usage, processes)


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


def alternating(rounds: int, subjects: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each round with the subjects in a rotating order: none is always the first."""
    names = list(subjects)
    for number in range(rounds):
        shift = number % len(names)
        yield number, names[shift:] + names[:shift]
