"""The progress of a run while it lasts, and its report: what was migrated, what failed and why."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from django.utils import timezone
from tqdm import tqdm

from tenancy.errors import StepError
from tenancy.revisions import Revision
from tenancy.schema_migrations.targets import SchemaTarget

SECONDS_BETWEEN_BARS, SECONDS_BETWEEN_LINES = 0.1, 5.0
WORDS = "{n:,} of {total:,} schemas, {rate_noinv_fmt}, {remaining} left"


@dataclass(frozen=True)
class Failure:
    """Why a schema was not migrated."""

    schema_name: str
    name: str
    step: str
    error: str
    attempts: int

    def __str__(self) -> str:
        return f"{self.name} ({self.schema_name}), {self.step}: {self.error}"


@dataclass
class Report:
    """What a run has done so far. Shared by threads."""

    target: Revision
    started_at: datetime = field(default_factory=timezone.now)
    migrated: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    retries: int = 0
    ended_by: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add_migrated(self, schema: SchemaTarget, seconds: float) -> None:
        with self._lock:
            self.migrated[schema.schema_name] = round(seconds, 4)

    def add_failure(self, schema: SchemaTarget, error: Exception, attempts: int) -> None:
        step = error.step if isinstance(error, StepError) else "before its first step"
        reason = sentence(error)
        with self._lock:
            self.failures.append(Failure(schema.schema_name, schema.name, step, reason, attempts))

    def add_gone(self, schema: SchemaTarget) -> None:
        with self._lock:
            self.gone.append(schema.schema_name)

    def add_retry(self) -> None:
        with self._lock:
            self.retries += 1

    @property
    def seconds(self) -> float:
        return (timezone.now() - self.started_at).total_seconds()

    def lines(self) -> Iterator[str]:
        """Yield the summary for the operator."""
        done, spent = len(self.migrated), self.seconds
        yield f"Migrated {done} schemas in {spent:.1f} s; {len(self.failures)} failed."
        if self.gone:
            yield f"{len(self.gone)} were deleted meanwhile."
        if self.retries:
            yield f"{self.retries} times a schema was in use: tried again."
        yield from (f"Failed: {failure}" for failure in self.failures)

    def write(self, path: Path) -> None:
        """Write the report as JSON, atomically."""
        content = {
            "target": str(self.target),
            "started_at": self.started_at.isoformat(),
            "seconds": round(self.seconds, 3),
            "ended_by": self.ended_by,
            "migrated": self.migrated,
            "failed": [asdict(failure) for failure in self.failures],
            "gone": self.gone,
            "retries": self.retries,
        }
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        draft.replace(path)


def sentence(error: Exception) -> str:
    """Return the type and first line of an error, without the rows that it may quote."""
    cause = error.__cause__ if isinstance(error, StepError) else error
    first = next(iter(str(cause).splitlines()), "")
    return f"{type(cause).__name__}: {first}"


class Progress(tqdm):
    """A bar on a terminal, a line of text every few seconds elsewhere. Shared by threads.

    Counts what this run has done, and what is left for all workers together.
    """

    # Without a thread of its own that wakes up bars.
    monitor_interval = 0
    total: int

    def __init__(self, stream: TextIO) -> None:
        is_terminal = stream.isatty()
        self.done = 0
        super().__init__(
            total=0,
            unit="",
            file=stream if is_terminal else Lines(stream),
            mininterval=SECONDS_BETWEEN_BARS if is_terminal else SECONDS_BETWEEN_LINES,
            miniters=0,
            smoothing=0,
            dynamic_ncols=is_terminal,
            bar_format=f"{WORDS} {{bar}}" if is_terminal else WORDS,
        )

    def set_left(self, left: int) -> None:
        """Record how many schemas are behind, including those that other workers are migrating."""
        with self.get_lock():
            self.total = max(self.total, self.done + left)
            self.n = self.last_print_n = self.total - left

    def step(self) -> None:
        """Count one schema. Other workers may have finished all of them by now."""
        with self.get_lock():
            self.done += 1
            self.update(min(1, self.total - self.n))

    def display(self, *args: Any, **options: Any) -> bool:
        """Write the progress, if there is anything to do."""
        return bool(self.total and super().display(*args, **options))

    def end(self) -> None:
        """Write the progress a last time, if there was anything to do."""
        self.disable = not self.total
        self.close()


class Lines:
    """A stream on which each state of the bar is a line of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        if line := text.strip():
            self._stream.write(f"  {line}\n")

    def flush(self) -> None:
        self._stream.flush()
