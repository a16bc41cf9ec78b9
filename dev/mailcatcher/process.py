"""Starts the mail catcher as a process of its own and waits until it answers."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dev.environment import Mail
from dev.errors import StackError
from dev.mailcatcher import READY
from dev.orphans import MARK
from dev.paths import ROOT, VAR
from dev.ports import free_port
from dev.server import Server


def command(mail: Mail, folder: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "dev.mailcatcher",
        f"--smtp-port={mail.smtp_port}",
        f"--http-port={mail.inbox_port}",
        f"--folder={folder}",
    ]


@dataclass(frozen=True)
class Catcher:
    mail: Mail
    server: Server


@contextlib.contextmanager
def running(place: Path, folder: Path, wanted: Mail | None = None) -> Iterator[Catcher]:
    """A mail catcher for as long as the block runs, with its log in the place.

    It takes the wanted ports, or free ones where those are in use; raises StackError.
    """
    catcher = _start(place / "mail.log", folder, wanted or free_mail())
    try:
        yield catcher
    finally:
        catcher.server.stop()


def free_mail() -> Mail:
    return Mail(smtp_port=free_port(), inbox_port=free_port())


def _start(log: Path, folder: Path, mail: Mail) -> Catcher:
    for _ in range(3):
        server = _spawn(log, command(mail, folder))
        if _is_ready(server):
            return Catcher(mail, server)
        server.stop()
        mail = free_mail()
    raise StackError(f"The mail catcher didn't start. Its log ends with:\n{server.last_lines()}")


def _spawn(log: Path, arguments: list[str]) -> Server:
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env={**os.environ, MARK: str(VAR)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Server("Mail catcher", process, log, signal.SIGTERM)


def _is_ready(server: Server, seconds: float = 60) -> bool:
    """Waits for its log line: an answer on the port could come from another program."""
    deadline = time.monotonic() + seconds
    while server.is_alive() and time.monotonic() < deadline:
        if READY in server.log.read_text():
            return True
        time.sleep(0.03)
    return False
