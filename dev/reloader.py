"""`python -m dev.reloader COMMAND…`: runs a program and starts it again when the code changes."""

import contextlib
import os
import signal
import subprocess
import sys
import threading

from watchfiles import PythonFilter, watch

from dev.paths import PACKAGES, ROOT

# Below the five seconds after which the process manager kills a process that still stops.
PATIENCE = 3.5
LOOK_EVERY_MS = 500


class Program:
    """The running program with the children it has, in a process group of their own."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, cwd=ROOT, process_group=0)

    def exit_code(self) -> int | None:
        return self._process.poll()

    def stop(self) -> None:
        """Terminate the program, then kill what is left of its group: no child outlives it."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def main(command: list[str]) -> int:
    """Exit as the program does, unless a change broke it: then the next change may fix it.

    gunicorn's own reload and the command line of watchfiles each miss one of the two.
    """
    is_ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: is_ending.set())
    program = Program(command)
    has_changed = False
    try:
        for changes in watch(
            *([ROOT / name for name in PACKAGES if (ROOT / name).is_dir()] or [ROOT / "dev"]),
            # Templates and catalogues are read once, like code.
            watch_filter=PythonFilter(extra_extensions=(".html", ".txt", ".mo")),
            stop_event=is_ending,
            rust_timeout=LOOK_EVERY_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
        ):
            if changes:
                program.stop()
                program = Program(command)
                has_changed = True
            elif not has_changed and program.exit_code() is not None:
                return program.exit_code() or 1
    finally:
        program.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
