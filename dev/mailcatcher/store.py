"""The received messages: one .eml file each, the oldest making room for the newest."""

import contextlib
import secrets
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from dev.mailcatcher.letter import Letter, read

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
        self._letters = {path.stem: _load(path) for path in sorted(folder.glob("*.eml"))}

    def add(self, content: bytes, sender: str, recipients: Iterable[str]) -> str:
        """Keep a message with its envelope in front, as a mail server does on delivery."""
        envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {name}" for name in recipients)]
        source = "\r\n".join([*envelope, ""]).encode() + content
        with self._lock:
            letter_id = self._next_id()
            path = self._path(letter_id)
            fresh = path.with_suffix(".new")
            fresh.write_bytes(source)
            fresh.replace(path)
            self._letters[letter_id] = _load(path)
            for oldest in list(self._letters)[: -self._cap]:
                self._forget(oldest)
        return letter_id

    def letters(self) -> list[Letter]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._letters.values()))

    def get(self, letter_id: str) -> Letter | None:
        with self._lock:
            if letter_id == "latest":
                return next(reversed(self._letters.values()), None)
            return self._letters.get(letter_id)

    def delete(self, letter_ids: Iterable[str] = ()) -> None:
        """Delete the ones named, or all of them."""
        with self._lock:
            for letter_id in list(letter_ids) or list(self._letters):
                self._forget(letter_id)

    def mark_read(self, letter_id: str) -> None:
        self._read.add(letter_id)

    def is_read(self, letter_id: str) -> bool:
        return letter_id in self._read

    def _next_id(self) -> str:
        """Sorted by name, the files are sorted by time."""
        self._last_moment = max(time.time_ns(), self._last_moment + 1)
        return f"{self._last_moment:016x}{secrets.token_hex(3)}"

    def _forget(self, letter_id: str) -> None:
        if self._letters.pop(letter_id, None):
            self._read.discard(letter_id)
            with contextlib.suppress(FileNotFoundError):
                self._path(letter_id).unlink()

    def _path(self, letter_id: str) -> Path:
        return self._folder / f"{letter_id}.eml"


def _load(path: Path) -> Letter:
    received_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return read(path.stem, path.read_bytes(), received_at)
