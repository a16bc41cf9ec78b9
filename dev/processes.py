"""Runs the service's processes side by side until one of them, or the developer, ends it."""

import contextlib
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.process import Process

from dev.orphans import MARK
from dev.paths import ROOT, VAR

ON_REQUEST = {130, 143}


class FollowedProcess(Process):
    """Ends its program when the launcher ends without a chance to, as under `kill -9`."""

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        threading.Thread(target=self._follow, args=(os.getppid(),), daemon=True).start()
        super().run(events, ignore_signals)

    def _follow(self, launcher: int) -> None:
        while os.getppid() == launcher:
            time.sleep(0.5)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, number)
            time.sleep(5)
        os._exit(1)


class WatchingManager(Manager):
    """Starts its watcher after its processes, and ends them however early it is asked to.

    After them, as a fork copies no thread. A signal only sets a flag, which the loop reads
    once all are started: honcho would end them right in its handler, where it may print into a
    line that is being printed, or not know a process yet, and then wait for good.
    """

    def __init__(self, watch: Callable[[], None]) -> None:
        super().__init__()
        self._process_ctor = FollowedProcess
        self._watch = watch
        self._is_ending = False

    def _start(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)
        super()._start()
        threading.Thread(target=self._watch, daemon=True).start()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.returncode = 128 + number
        self._is_ending = True

    def _any_stopped(self) -> bool:
        """What the loop asks once all are started: if so, it terminates them."""
        return self._is_ending or super()._any_stopped()


def commands() -> dict[str, str]:
    """The Procfile's processes, each started again when the code changes."""
    procfile = parse_procfile((ROOT / "Procfile").read_text())
    reload = f"{shlex.quote(sys.executable)} -m dev.reloader"
    return {name: f"{reload} {command}" for name, command in procfile.processes.items()}


def run(programs: dict[str, str], environment: dict[str, str], watch: Callable[[], None]) -> int:
    """Block until all have ended; 0 when that was asked for, else the first one's exit code."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = {**environment, MARK: str(VAR), "PYTHONUNBUFFERED": "1", "PATH": path}
    manager = WatchingManager(watch)
    for name, command in programs.items():
        manager.add_process(name, command, env=environment, cwd=str(ROOT))
    # A closed terminal ends the stack like Ctrl-C does.
    signal.signal(signal.SIGHUP, lambda *_: end())
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        # The end was requested while a destructor ran, where a raised exception is lost.
        raise KeyboardInterrupt
    try:
        manager.loop()
    except BaseException:
        manager.kill()
        raise
    return 0 if manager.returncode in ON_REQUEST else manager.returncode or 1


def end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
