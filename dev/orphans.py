"""Finds and ends the orphaned processes of a killed run of this checkout, and no other process."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil

from dev.progress import say

MARK = "DEV_STACK"
SERVER_NAMES = {"postgres", "valkey-server", "redis-server"}


def servers_in(folder: Path) -> list[psutil.Process]:
    """Database servers whose working folder is this one.

    A process id in a file may belong to another process by now; a server's
    working folder is its data, so it can't be mistaken.
    """
    return [process for process in _others() if _serves(process, folder)]


def marked(folder: Path) -> list[psutil.Process]:
    """Processes that were started with this checkout's mark in their environment."""
    return [process for process in _others() if _has_mark(process, str(folder))]


def end_marked(folder: Path) -> None:
    """End what a killed run left of its web, worker, beat and mail processes."""
    running = marked(folder)
    if running:
        say(f"Ending {len(running)} processes that a killed run left behind.")
        end(running, by=signal.SIGTERM)


def end(processes: list[psutil.Process], *, by: signal.Signals, seconds: float = 10) -> None:
    """Send the signal `by`, and SIGKILL to those that still run after the timeout."""
    for process in processes:
        _signal(process, by)
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    for process in alive:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=5)


def _others() -> Iterator[psutil.Process]:
    own = os.getpid()
    return (process for process in psutil.process_iter() if process.pid != own)


def _serves(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.name() in SERVER_NAMES and process.cwd() == str(folder)
    except psutil.Error:
        return False


def _has_mark(process: psutil.Process, mark: str) -> bool:
    try:
        return bool(process.environ().get(MARK) == mark)
    except (psutil.Error, OSError):
        return False


def _signal(process: psutil.Process, by: signal.Signals) -> None:
    try:
        process.send_signal(by)
    except psutil.Error:
        # It ended by itself in the meantime, which is all that was wanted.
        return
