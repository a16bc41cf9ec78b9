"""Runs one program in the foreground, so that it alone decides what Ctrl-C means."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from dev.paths import ROOT


def run(command: list[str], environ: dict[str, str]) -> int:
    """The program's exit code; SIGTERM, which a terminal doesn't spread, is passed on."""
    program = subprocess.Popen(command, cwd=ROOT, env=environ)
    with _signals_for(program):
        code = program.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _signals_for(program: "subprocess.Popen[bytes]") -> Iterator[None]:
    def leave_it(_signal: int, _frame: FrameType | None) -> None:
        """Ctrl-C reached the program by itself."""

    def pass_on(_signal: int, _frame: FrameType | None) -> None:
        program.terminate()

    previous = {
        signal.SIGINT: signal.signal(signal.SIGINT, leave_it),
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
