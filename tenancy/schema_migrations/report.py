"""The report: which schemas were migrated, which failed and why, as text and as a JSON file."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from tenancy.revisions import Revision
from tenancy.schema_migrations.errors import StepError
from tenancy.schema_migrations.targets import SchemaTarget


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

    def add_migrated(self, member: SchemaTarget, seconds: float) -> None:
        with self._lock:
            self.migrated[member.schema_name] = round(seconds, 4)

    def add_failure(self, member: SchemaTarget, error: Exception, attempts: int) -> None:
        step = error.step if isinstance(error, StepError) else "before its first step"
        why = sentence(error)
        with self._lock:
            self.failures.append(Failure(member.schema_name, member.name, step, why, attempts))

    def add_gone(self, member: SchemaTarget) -> None:
        with self._lock:
            self.gone.append(member.schema_name)

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
            yield f"{len(self.gone)} went while we were at work."
        if self.retries:
            yield f"{self.retries} times somebody was at work in a schema: tried again."
        yield from (f"Failed: {failure}" for failure in self.failures)

    def write(self, path: Path) -> None:
        """Write the report as JSON, atomically."""
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(json.dumps(self._as_json(), indent=2) + "\n", encoding="utf-8")
        draft.replace(path)

    def _as_json(self) -> dict[str, object]:
        return {
            "target": str(self.target),
            "started_at": self.started_at.isoformat(),
            "seconds": round(self.seconds, 3),
            "ended_by": self.ended_by,
            "migrated": self.migrated,
            "failed": [asdict(failure) for failure in self.failures],
            "gone": self.gone,
            "retries": self.retries,
        }


def sentence(error: Exception) -> str:
    """Return the type and first line of an error, without the rows that it may quote."""
    cause = error.__cause__ if isinstance(error, StepError) else error
    first = next(iter(str(cause).splitlines()), "")
    return f"{type(cause).__name__}: {first}"
