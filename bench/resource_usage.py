"""What a run of some code used: wall-clock time, processor time and memory."""

from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

MIB = 2**20


@dataclass(frozen=True)
class ResourceUsage:
    """Seconds: wall-clock time, processor time of a subject's process and of PostgreSQL."""

    wall: float
    cpu: float
    database: float

    def per(self, count: int) -> "ResourceUsage":
        """Return the usage of one of `count` equal runs."""
        return ResourceUsage(self.wall / count, self.cpu / count, self.database / count)


class PostgresUsage:
    """Processor time and memory of a PostgreSQL server on this machine, all its processes."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url) as server:
            backend = psutil.Process(server.info.backend_pid)
            self._postmaster = backend.parent() or backend

    def cpu_seconds(self) -> float:
        """Return the processor time, including that of processes that have ended."""
        own = process_cpu_seconds(self._postmaster, with_ended_children=True)
        return own + sum(process_cpu_seconds(each) for each in self._postmaster.children())

    def memory_bytes(self) -> int:
        """Return the memory of all processes; what they share counts once."""
        processes = [self._postmaster, *self._postmaster.children()]
        return sum(memory_bytes(each) for each in processes)

    def private_bytes(self) -> int:
        """Return the memory that the processes do not share."""
        return sum(private_bytes(each) for each in self._postmaster.children())


def process_cpu_seconds(process: psutil.Process, *, with_ended_children: bool = False) -> float:
    """Return a process's processor time; 0 if it has ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    ended = times.children_user + times.children_system if with_ended_children else 0.0
    return float(times.user + times.system + ended)


def memory_bytes(process: psutil.Process) -> int:
    """Return the proportional set size of a process; 0 where the machine doesn't report it."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        return 0


def private_bytes(process: psutil.Process) -> int:
    """Return the anonymous memory of a process; 0 where the machine doesn't report it.

    Shared memory is left out: Linux counts a page of the database's buffers for each process
    that has read it.
    """
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return 0
    kilobytes = (line.split()[1] for line in lines if line.startswith("RssAnon:"))
    return 1024 * int(next(kilobytes, 0))
