"""Runs one program in the foreground, so that it alone decides what Ctrl-C means."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from dev import orphans
from dev.paths import ROOT

# As timeout(1) exits.
TIMED_OUT = 124
# What a program gets to end after its time is over, before it is killed.
ENDING_SECONDS = 30.0


def run(command: list[str], environ: dict[str, str], *, seconds: float | None = None) -> int:
    """The program's exit code; SIGTERM, which a terminal doesn't spread, is passed on.

    After so many `seconds` it is ended with all its children, within `ENDING_SECONDS`.
    """
    program = subprocess.Popen(command, cwd=ROOT, env=environ)
    with _signals_for(program):
        try:
            code = program.wait(seconds)
        except subprocess.TimeoutExpired:
            own = psutil.Process(program.pid)
            processes = [own, *own.children(recursive=True)]
            orphans.end(processes, by=signal.SIGINT, seconds=ENDING_SECONDS)
            program.wait()
            return TIMED_OUT
    return code if code >= 0 else 128 - code


@contextmanager
def _signals_for(program: "subprocess.Popen[bytes]") -> Iterator[None]:
    previous = {
        # Ctrl-C has reached the program by itself.
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: program.terminate()),
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
