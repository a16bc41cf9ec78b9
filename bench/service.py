"""The service as it is deployed, on a database of the bench, and what its processes work."""

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from dev.deployed import Deployed
from dev.environment import over, web_environment
from dev.ports import free_port


class Service(Deployed):
    """Web, worker and beat, clocked."""

    def worked(self, name: str) -> float:
        """Return the seconds that a process and its children have worked."""
        master = psutil.Process(self.processes[name].pid)
        return sum(_worked(each) for each in (master, *master.children(recursive=True)))


@contextlib.contextmanager
def running(
    *names: str, folder: Path, database: Mapping[str, str], **more: str
) -> Iterator[Service]:
    """Start processes on a database, with `more` in their environment; end them all."""
    port = free_port()
    program = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    beat = {"BEAT_SCHEDULE": str(folder / "schedule")}
    variables = over(os.environ, database, web_environment(port), program, beat, more)
    service = Service(port, variables, folder)
    with service.running(*names):
        yield service


def _worked(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
