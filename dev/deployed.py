"""The service's own processes, started as a deployment starts them: for tests and the bench."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests

from dev.paths import ROOT

# In seconds. What a process gets to come up, and to end.
PATIENCE = 120.0


@dataclass
class Deployed:
    """Web, worker and beat, as many of them as are started."""

    port: int
    environment: dict[str, str]
    logs: Path
    # The folder of the code that runs: this checkout's, or a changed copy's.
    root: Path = ROOT
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        with (self.logs / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(self.root / "bin" / "start"), name],
                cwd=self.root,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        """End a process and its children, and wait until it is gone."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(PATIENCE)

    def is_ready(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=30).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    def wait_until_ready(self, seconds: float = PATIENCE) -> None:
        """Wait until the web answers. Raises `TimeoutError`, with what it said."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.is_ready():
                return
            time.sleep(0.1)
        raise TimeoutError(self.log_of("web")[-3000:])

    def log_of(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")

    @contextlib.contextmanager
    def running(self, *names: str) -> Iterator[None]:
        """Run processes, and end those that still run afterwards."""
        try:
            for name in names:
                self.start(name)
            if "web" in names:
                self.wait_until_ready()
            yield
        finally:
            for name in list(self.processes):
                self.stop(name)
