"""A pytest plugin of `make prove ARGS=--minutes=N`: each attack gets a share of the time left.

An attack is stopped at the end of its share, and none is begun once the minutes are over. Both are
skipped as far as pytest is concerned, and noted in a file that `dev.prove` sums up.
"""

import gc
import json
import os
import signal
import threading
import time
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

# An equal share is too short while hundreds of quick attacks are left, which take far less. Longer
# than this part of the whole time, a few slow attacks would leave nothing to the others.
LEAST_PART = 1 / 40
RETRY_SECONDS = 0.01
BEGUN, STOPPED, NOT_BEGUN = "begun", "stopped", "not begun"


def environment(notes: Path, ends_at: float) -> dict[str, str]:
    """Return what the plugin reads; `ends_at` is a time of `time.time()`."""
    least = LEAST_PART * (ends_at - time.time())
    return {
        "ATTACKS_NOTED": str(notes),
        "ATTACKS_END_AT": str(ends_at),
        "ATTACKS_LEAST_SECONDS": str(least),
    }


def noted(path: Path, outcome: str) -> list[str]:
    """Return the attacks with this outcome."""
    rows = (json.loads(line) for line in path.read_text().splitlines()) if path.exists() else ()
    return [attack for found, attack in rows if found == outcome]


def share(seconds_left: float, attacks_left: int, processes: int, least: float) -> float:
    """Return how many seconds the next attack may take: `least` at least, if it is left."""
    equal = seconds_left * processes / max(attacks_left, 1)
    return min(seconds_left, max(least, equal))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the groups last: they run servers, take longest, and get what the others leave."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is not None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    _skip_if_late(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    # Its servers may have taken the rest of the time.
    _skip_if_late(item)
    begun = len(noted(_notes(), BEGUN))
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    least = float(os.environ["ATTACKS_LEAST_SECONDS"])
    seconds = share(_seconds_left(), len(item.session.items) - begun, processes, least)
    _note(BEGUN, item)
    with _stopped_after(seconds) as is_stopped:
        try:
            return (yield)
        except (Exception, pytest.skip.Exception) as error:
            # What was interrupted may raise errors of its own. What an attack asserts, it found.
            if not is_stopped.is_set() or isinstance(error, AssertionError):
                raise
    _note(STOPPED, item)
    with warnings.catch_warnings():
        # What it had open is closed here, and not in the next attack.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    pytest.skip(f"stopped after its share of {seconds:.0f} s")


def _skip_if_late(item: pytest.Item) -> None:
    if _seconds_left() <= 0:
        _note(NOT_BEGUN, item)
        pytest.skip("not begun: the minutes were over")


@contextmanager
def _stopped_after(seconds: float) -> Iterator[threading.Event]:
    """Raise pytest's `Skipped` in the block once its time is over, and yield whether it did."""
    is_stopped = threading.Event()

    def stop(_signal: int, frame: FrameType | None) -> None:
        if _loses_errors(frame):
            signal.setitimer(signal.ITIMER_REAL, RETRY_SECONDS)
            return
        is_stopped.set()
        pytest.skip("The time is over.")

    before = signal.signal(signal.SIGALRM, stop)
    # 0 would mean never.
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield is_stopped
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _loses_errors(frame: FrameType | None) -> bool:
    """Whether Python only prints what is raised here: in a destructor, or hypothesis's for gc."""
    while frame:
        if frame.f_code.co_name in {"__del__", "gc_callback"}:
            return True
        frame = frame.f_back
    return False


def _seconds_left() -> float:
    return float(os.environ["ATTACKS_END_AT"]) - time.time()


def _notes() -> Path:
    return Path(os.environ["ATTACKS_NOTED"])


def _note(outcome: str, item: pytest.Item) -> None:
    with _notes().open("a") as file:
        file.write(json.dumps([outcome, item.nodeid]) + "\n")
