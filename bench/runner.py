"""Runs measurements one after the other; one that fails ends none of the others."""

import contextlib
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from bench import machine, report
from bench.registry import Measurement, Run

LONGEST_REASON = 300


class TimeLimitError(Exception):
    """A measurement has taken too long. No `OSError`, which libraries would take for their own."""


@dataclass
class Figures:
    """What one measurement gave: its rows, and why it failed if it did."""

    name: str
    sentence: str
    machine: dict[str, Any] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""


def run_all(
    measurements: Iterable[Measurement],
    opened: Callable[[], AbstractContextManager[Run]],
    seconds: float,
) -> Iterator[Figures]:
    """Yield the figures of each measurement, which has so many seconds.

    A failure leaves the databases of a run in an unknown state: those after it get new ones.
    """
    pending = deque(measurements)
    while pending:
        with contextlib.ExitStack() as stack:
            stack.enter_context(_closing_reported())
            try:
                with time_limit(seconds):
                    run = stack.enter_context(opened())
            except Exception as error:  # noqa: BLE001  # The server may have ended.
                yield failed(pending.popleft(), error)
                continue
            while pending:
                figures = measure(run, pending.popleft(), seconds)
                yield figures
                if figures.failure:
                    break


def measure(run: Run, chosen: Measurement, seconds: float) -> Figures:
    """Return the figures of a measurement, with the rows before its failure if it fails."""
    figures = Figures(chosen.name, chosen.sentence)
    print(f"· {chosen.name}: {chosen.sentence}", flush=True)
    try:
        with time_limit(seconds):
            figures.machine = machine.facts(run.environment["DATABASE_ADMIN_URL"])
            for result in chosen.measure(run):
                figures.results.append(result.as_json())
                print(report.line(figures.results[-1]), flush=True)
    except Exception as error:  # noqa: BLE001  # Whichever it is, the others are measured.
        figures.failure = failed(chosen, error).failure
    return figures


def failed(chosen: Measurement, error: Exception) -> Figures:
    """Print why a measurement failed, and return that as its figures."""
    traceback.print_exception(error)
    reason = " ".join(str(error).split())[:LONGEST_REASON].rstrip(".")
    failure = f"{type(error).__name__}: {reason}." if reason else f"{type(error).__name__}."
    print(f"· {chosen.name} failed: {failure}", flush=True)
    return Figures(chosen.name, chosen.sentence, failure=failure)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeLimitError` in the block after so many seconds; in the main thread only."""

    def expire(_signal: int, _frame: FrameType | None) -> None:
        raise TimeLimitError(f"not finished after {seconds:,.0f} s")

    previous = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@contextlib.contextmanager
def _closing_reported() -> Iterator[None]:
    """Print why databases could not be dropped: their figures are taken, others are to come."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # The server may have ended.
        traceback.print_exception(error)
