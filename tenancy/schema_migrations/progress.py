"""Progress of a run: a bar on a terminal, a line of text every few seconds elsewhere."""

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

WIDTH = 30
# Two blanks before the bar, one behind it, and the terminal's last column.
MARGINS = 4
SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_BARS = 0.1


class Stream(Protocol):
    """Where progress is written: a command's stderr."""

    def write(self, msg: str, style_func: Callable[[str], str], ending: str) -> object: ...
    def flush(self) -> object: ...
    def isatty(self) -> bool: ...


@dataclass
class Progress:
    """Counts what this run has done, and what is left for all workers together.

    Shared by threads.
    """

    stream: Stream
    done: int = 0
    _left: int = 0
    _total: int = 0
    _done_at_look: int = 0
    _started_at: float = field(default_factory=time.monotonic)
    _told_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def looked(self, left: int) -> None:
        """Record how many schemas are behind, including those that other workers are migrating."""
        with self._lock:
            self._left, self._done_at_look = left, self.done
            self._total = max(self._total, self.done + left)

    def step(self) -> None:
        """Count one schema, and write the progress unless that was done a moment ago."""
        pause = SECONDS_BETWEEN_BARS if self.stream.isatty() else SECONDS_BETWEEN_LINES
        with self._lock:
            self.done += 1
            if time.monotonic() - self._told_at >= pause:
                self._tell()

    def end(self) -> None:
        with self._lock:
            if self._total:
                self._tell()
                if self.stream.isatty():
                    self.stream.write("", str, "\n")

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        if self.stream.isatty():
            self.stream.write(f"\r{self._bar(shutil.get_terminal_size().columns)}", str, "")
        else:
            self.stream.write(f"  {self}", str, "\n")
        self.stream.flush()

    def _bar(self, columns: int) -> str:
        """Return a line that fills the terminal except for its last column, which would wrap it."""
        words = str(self)
        width = min(WIDTH, columns - len(words) - MARGINS)
        filled = width * self._finished() // self._total
        bar = f"{'█' * filled}{'·' * (width - filled)} " if width > 0 else ""
        return f"  {bar}{words}".ljust(columns - 1)[: columns - 1]

    def _finished(self) -> int:
        """Return how many schemas this run and other workers have finished."""
        finished = self._total - self._left + self.done - self._done_at_look
        return min(max(finished, 0), self._total)

    def __str__(self) -> str:
        finished, spent = self._finished(), time.monotonic() - self._started_at
        rate = finished / spent if spent else 0.0
        told_rate = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"  # noqa: PLR2004  # Two digits.
        left = _duration((self._total - finished) / rate) if rate else "an unknown time"
        return f"{finished:,} of {self._total:,} schemas, {told_rate} a second, {left} left"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
