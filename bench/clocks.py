"""How long something took: in wall-clock time, and in the processes' processor time."""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg


@dataclass(frozen=True)
class Spent:
    """Seconds of one try: passed, and worked by a side's process and by the database's."""

    wall: float
    cpu: float
    database: float

    def each(self, count: int) -> "Spent":
        """Return the share of one in so many."""
        return Spent(self.wall / count, self.cpu / count, self.database / count)


class DatabaseClock:
    """The processor time of a PostgreSQL on this machine, all its processes together."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url) as server:
            backend = psutil.Process(server.info.backend_pid)
            self._postmaster = backend.parent() or backend

    def read(self) -> float:
        """Return the processor time in seconds, including processes that have ended."""
        times = self._postmaster.cpu_times()
        total = times.user + times.system + times.children_user + times.children_system
        return float(total + sum(_worked(each) for each in self._postmaster.children()))

    def memory(self) -> int:
        """Return the bytes that are the server's own: what processes share counts once."""
        processes = [self._postmaster, *self._postmaster.children()]
        return sum(int(_proportional(each)) for each in processes)

    def private(self) -> int:
        """Return the bytes that the server's processes hold each for itself."""
        return sum(private_bytes(each) for each in self._postmaster.children())


def private_bytes(process: psutil.Process) -> int:
    """Return the private memory of a process; 0 where the machine doesn't report it.

    Not what it shares: of a database's buffers a process is charged with what it happens to touch.
    """
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return 0
    kilobytes = (line.split()[1] for line in lines if line.startswith("RssAnon:"))
    return 1024 * int(next(kilobytes, 0))


def cpu_now() -> float:
    """Return the seconds that this process has worked."""
    return time.process_time()


def _worked(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _proportional(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied, AttributeError):
        return 0
