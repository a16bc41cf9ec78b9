"""How far it is: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

WIDTH = 30
SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_BARS = 0.1


class Stream(Protocol):
    """Where it is told: a command's stderr."""

    def write(self, msg: str, style_func: Callable[[str], str], ending: str) -> object: ...
    def flush(self) -> object: ...
    def isatty(self) -> bool: ...


@dataclass
class Progress:
    """Counts what this run has done, and knows what is left of all workers' work."""

    stream: Stream
    done: int = 0
    left: int = 0
    _first_left: int = 0
    _done_at_look: int = 0
    _started_at: float = field(default_factory=time.monotonic)
    _told_at: float = 0.0

    def looked(self, left: int) -> None:
        """Take note of how many are left, whoever does them."""
        self.left, self._done_at_look = left, self.done
        self._first_left = max(self._first_left, left)

    def step(self) -> None:
        """Count one, and tell, unless that was done a moment ago."""
        self.done += 1
        pause = SECONDS_BETWEEN_BARS if self.stream.isatty() else SECONDS_BETWEEN_LINES
        if time.monotonic() - self._told_at >= pause:
            self._tell()

    def end(self) -> None:
        if self._first_left:
            self._tell()
            if self.stream.isatty():
                self.stream.write("", str, "\n")

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        if self.stream.isatty():
            filled = WIDTH * self._finished() // max(self._first_left, 1)
            bar = "█" * filled + "·" * (WIDTH - filled)
            self.stream.write(f"\r  {bar} {self}   ", str, "")
        else:
            self.stream.write(f"  {self}", str, "\n")
        self.stream.flush()

    def _finished(self) -> int:
        """How many of those that were left at first are through, by us or by others."""
        return max(self._first_left - self.left + self.done - self._done_at_look, 0)

    def __str__(self) -> str:
        finished, spent = self._finished(), time.monotonic() - self._started_at
        rate = finished / spent if spent else 0.0
        left = max(self._first_left - finished, 0)
        time_left = f"{left / rate:.0f} s left" if rate else "time left unknown"
        return f"{finished} of {self._first_left} schemas, {rate:.0f} a second, {time_left}"
