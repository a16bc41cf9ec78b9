"""A Valkey (Redis) server of this checkout's own."""

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from dev import orphans
from dev.binaries import valkey_program
from dev.errors import StackError
from dev.ports import LOOPBACK, free_port, is_free
from dev.progress import say
from dev.server import Server

CONFIGURATION = """\
bind {host}
port {port}
dir "{folder}"
requirepass {password}
save {save}
appendonly no
"""


@dataclass(frozen=True)
class Store:
    folder: Path
    password: str
    is_throwaway: bool = False


@dataclass(frozen=True)
class Valkey:
    server: Server
    url: str


def start(store: Store, *, port: int | None = None) -> Valkey:
    """Start on a free port, or on the one that it had before; raises StackError."""
    data = store.folder / "valkey"
    data.mkdir(parents=True, exist_ok=True)
    end_orphans(store.folder)
    for _ in range(3):
        taken = port or free_port()
        url = f"redis://:{store.password}@{LOOPBACK}:{taken}/0"
        server = _spawn(store, data, taken)
        if _is_ready(server, url):
            return Valkey(server, url)
        if is_free(taken):
            break
    raise StackError(f"Valkey didn't start. Its log ends with:\n{server.last_lines()}")


def end_orphans(folder: Path) -> None:
    running = orphans.servers_in(folder / "valkey")
    if running:
        say(f"Ending a Valkey that a killed run left behind (process {running[0].pid}).")
        orphans.end(running, by=signal.SIGTERM)


def _spawn(store: Store, data: Path, port: int) -> Server:
    configuration = CONFIGURATION.format(
        host=LOOPBACK,
        port=port,
        folder=str(data).replace("\\", "\\\\").replace('"', '\\"'),
        password=store.password,
        save='""' if store.is_throwaway else "60 1",
    )
    log = store.folder / "valkey.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(valkey_program()), "-"],
            cwd=data,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    # The password goes through the pipe: a command line can be read by everyone on the machine.
    if process.stdin:
        process.stdin.write(configuration.encode())
        process.stdin.close()
    return Server("Valkey", process, log, signal.SIGTERM)


def _is_ready(server: Server, url: str, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    with redis.Redis.from_url(url, socket_timeout=5) as client:
        while server.is_alive() and time.monotonic() < deadline:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):
                time.sleep(0.01)
    return False
