"""The service as it is deployed, on a database of the bench."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.registry import Run
from bench.resource_usage import process_cpu_seconds
from bench.subjects import VISITORS
from dev.deployed import Deployed
from dev.environment import over, web_environment
from dev.ports import free_port


class ProcessEndedError(RuntimeError):
    """A process of the service has ended by itself."""


class Service(Deployed):
    """Web, worker and beat, whose processor time is measured."""

    def cpu_seconds(self, name: str) -> float:
        """Return the processor time of a process and its children."""
        return sum(
            process_cpu_seconds(each, with_ended_children=True) for each in self.family(name)
        )

    def family(self, name: str) -> list[psutil.Process]:
        """Return a process of the service, and its children."""
        process = psutil.Process(self.processes[name].pid)
        return [process, *process.children(recursive=True)]

    def check(self) -> None:
        """Raise `ProcessEndedError` unless each process that was started still runs."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                lines = self.log_of(name).strip().splitlines() or ["no log"]
                error = ProcessEndedError(
                    f"The {name} process ended with code {process.returncode}: {lines[-1]}"
                )
                error.add_note("\n".join(lines[-50:]))
                raise error

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        """End a process and its children; kill them if they don't end in time."""
        process = self.processes[name]
        try:
            super().stop(name, number)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def running(run: Run, *names: str, **variables: str) -> Iterator[Service]:
    """Start processes on the visitors' database, with `variables` in their environment; end all."""
    own = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "BEAT_SCHEDULE": str(run.folder / "schedule"),
    }
    port = free_port()
    database = run.databases[VISITORS[0]]
    environ = over(run.environment, database, web_environment(port), own, variables)
    service = Service(port, environ, run.folder)
    with service.running(*names):
        yield service
