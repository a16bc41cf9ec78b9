"""The proxy of the Compose file, as deploy/Caddyfile has it, where Caddy is installed."""

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.errors import StackError
from dev.paths import ROOT
from dev.ports import LOOPBACK, answers, free_port

PROGRAM = shutil.which("caddy")
needs_caddy = pytest.mark.skipif(PROGRAM is None, reason="caddy isn't installed (Debian: caddy)")


def installable(name: str) -> str:
    """Return a file of deploy/ with the options of the Caddy that is installed.

    Debian's is older than 2.7, where `request_buffers` has two names.
    """
    text = (ROOT / "deploy" / name).read_text()
    if _version() >= (2, 7):
        return text
    older = r"buffer_requests\n\t\tmax_buffer_size \1"
    return re.sub(r"request_buffers (\S+)", older, text)


def _version() -> tuple[int, ...]:
    done = subprocess.run([PROGRAM, "version"], capture_output=True, text=True, check=True)
    return tuple(int(part) for part in re.findall(r"\d+", done.stdout)[:2])


@contextlib.contextmanager
def running(folder: Path, upstream: int) -> Iterator[int]:
    """Run it in front of a port of this machine, and yield the port where it speaks TLS."""
    (folder / "Caddyfile").write_text(installable("Caddyfile"))
    https, health = free_port(), free_port()
    variables = {
        "UPSTREAM": f"{LOOPBACK}:{upstream}",
        "PROXY_HTTP_PORT": str(free_port()),
        "PROXY_HTTPS_PORT": str(https),
        "PROXY_HEALTH_PORT": str(health),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    log = folder / "caddy.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [PROGRAM, "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"],
            env={**os.environ, **variables},
            stdout=file,
            stderr=file,
        )
    try:
        _wait(process, health, log)
        yield https
    finally:
        process.terminate()
        process.wait(60)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while not answers(LOOPBACK, port):
        if time.monotonic() > deadline or process.poll() is not None:
            raise StackError(f"Caddy doesn't answer: {log.read_text()}")
        time.sleep(0.05)
