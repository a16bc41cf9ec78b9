"""Locks between the processes of one checkout."""

import fcntl
import os
from pathlib import Path
from typing import IO

from dev.errors import StackError


class Lock:
    """Held by one process at a time.

    The kernel releases it when its holder ends, even by `kill -9`, so a file
    that a killed run left behind blocks no process. It is a record lock, which
    forked children don't inherit.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def acquire(self, *, wait: bool = False) -> bool:
        """Return whether it is held now. Raises `StackError` in another user's folder."""
        file = self._open()
        try:
            fcntl.lockf(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            file.close()
            return False
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file
        return True

    def _open(self) -> IO[str]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self.path.open("a+")
        except PermissionError as error:
            raise StackError(
                f"{self.path} can't be written by this user: an earlier run was another user's. "
                f"Run this as that user, or remove {self.path.parent} to start from nothing."
            ) from error

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def holder(self) -> str:
        """The process id that the last holder wrote, for a person to read."""
        try:
            return self.path.read_text().strip() or "unknown"
        except OSError:
            return "unknown"
