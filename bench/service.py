"""The service's own processes, started as a deployment starts them, and what they work."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from dev.environment import over, web_environment
from dev.paths import ROOT
from dev.ports import free_port

# In seconds. What a process gets to come up, and to end.
PATIENCE = 120.0


@dataclass
class Service:
    """Web, worker and beat, as many of them as are started."""

    port: int
    environment: Mapping[str, str]
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(ROOT / "bin" / "start"), name],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)

    def worked(self, name: str) -> float:
        """Return the seconds that a process and its children have worked."""
        master = psutil.Process(self.processes[name].pid)
        return sum(_worked(each) for each in (master, *master.children(recursive=True)))

    def wait_until_ready(self) -> None:
        """Wait until the web answers. Raises `TimeoutError`, with what it said."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=30).ok:
                    return
            time.sleep(0.1)
        raise TimeoutError((self.folder / "web.log").read_text(errors="replace")[-3000:])


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
    try:
        for name in names:
            service.start(name)
        if "web" in names:
            service.wait_until_ready()
        yield service
    finally:
        for name in list(service.processes):
            service.stop(name)


def _worked(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
