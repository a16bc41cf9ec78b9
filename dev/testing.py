"""`python -m dev test`: pytest on servers of its own, which nothing outlives."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dev import foreground, keys, messages, postgres, servers
from dev.environment import mail_environment, over, service_environment
from dev.locks import Lock
from dev.mailcatcher import process as mailcatcher
from dev.paths import TESTS
from dev.progress import say

# The whole suite: one pytest process a core, random order, and what they have covered.
EVERYTHING = ("-n", str(os.cpu_count() or 1), "--cov", "--cov-report=term")


def main(arguments: list[str]) -> int:
    """Run pytest, on the whole suite unless told otherwise, and pass its exit code on."""
    messages.compile_all()
    with folder() as place, environment(place) as variables:
        command = [sys.executable, "-m", "pytest", *(arguments or EVERYTHING)]
        return foreground.run(command, over(os.environ, variables))


@contextlib.contextmanager
def environment(place: Path, *, is_throwaway: bool = True) -> Iterator[dict[str, str]]:
    own_keys = keys.fresh()
    with (
        servers.running(place, own_keys, os.environ, is_throwaway=is_throwaway) as started,
        mailcatcher.running(place, place / "mail") as catcher,
    ):
        yield over(
            service_environment("test", own_keys, started),
            mail_environment(catcher.mail),
            file_environment(place),
            {"DATABASE_ADMIN_URL": started.administrator_url, "BASE_ORIGIN": "http://localhost"},
        )


def file_environment(folder: Path) -> dict[str, str]:
    """Return where the service keeps its files: below `folder`, not in the development's `var/`."""
    return {
        "MEDIA_ROOT": str(folder / "media"),
        "STATIC_ROOT": str(folder / "static"),
        "BEAT_SCHEDULE": str(folder / "beat" / "schedule"),
    }


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder for one run, so that two runs in a checkout don't meet; removed at the end."""
    gate = Lock(TESTS / "lock")
    gate.acquire(wait=True)
    _sweep()
    place = Path(tempfile.mkdtemp(prefix="run-", dir=TESTS))
    own = Lock(place / "lock")
    own.acquire()
    gate.release()
    try:
        yield place
    finally:
        _remove(place)
        own.release()


def _sweep() -> None:
    """Whoever can take a run's lock knows that the run is over, and was killed."""
    for place in TESTS.glob("run-*"):
        lock = Lock(place / "lock")
        if lock.acquire():
            say("Removing what a killed test run left behind.")
            _remove(place)
            lock.release()


def _remove(place: Path) -> None:
    servers.end_leftovers(place)
    postgres.erase(place)
    shutil.rmtree(place, ignore_errors=True)
