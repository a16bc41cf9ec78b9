"""The received messages: one .eml file each, the oldest making room for the newest."""

import contextlib
import secrets
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from dev.mailcatcher.message import Message, read

CAP = 500


class Store:
    """Several threads may use it at once."""

    def __init__(self, folder: Path, cap: int = CAP) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._cap = cap
        self._lock = threading.Lock()
        self._last_moment = 0
        self._read: set[str] = set()
        self._messages = {path.stem: _load(path) for path in sorted(folder.glob("*.eml"))}

    def add(self, content: bytes, sender: str, recipients: Iterable[str]) -> str:
        """Keep a message with its envelope in front, as a mail server does on delivery."""
        envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {name}" for name in recipients)]
        source = "\r\n".join([*envelope, ""]).encode() + content
        with self._lock:
            # Sorted by name, the files are sorted by time.
            self._last_moment = max(time.time_ns(), self._last_moment + 1)
            message_id = f"{self._last_moment:016x}{secrets.token_hex(3)}"
            path = self._path(message_id)
            fresh = path.with_suffix(".new")
            fresh.write_bytes(source)
            fresh.replace(path)
            self._messages[message_id] = _load(path)
            for oldest in list(self._messages)[: -self._cap]:
                self._forget(oldest)
        return message_id

    def messages(self) -> list[Message]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._messages.values()))

    def get(self, message_id: str) -> Message | None:
        with self._lock:
            if message_id == "latest":
                return next(reversed(self._messages.values()), None)
            return self._messages.get(message_id)

    def delete(self, message_ids: Iterable[str] = ()) -> None:
        """Delete the ones named, or all of them."""
        with self._lock:
            for message_id in list(message_ids) or list(self._messages):
                self._forget(message_id)

    def mark_read(self, message_id: str) -> None:
        self._read.add(message_id)

    def is_read(self, message_id: str) -> bool:
        return message_id in self._read

    def _forget(self, message_id: str) -> None:
        if self._messages.pop(message_id, None):
            self._read.discard(message_id)
            with contextlib.suppress(FileNotFoundError):
                self._path(message_id).unlink()

    def _path(self, message_id: str) -> Path:
        return self._folder / f"{message_id}.eml"


def _load(path: Path) -> Message:
    received_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return read(path.stem, path.read_bytes(), received_at)
