"""The report: who was migrated, who failed and why, for people and as a file."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from tenants.fleet.errors import StepError
from tenants.fleet.roster import Member
from tenants.revisions import Revision


@dataclass(frozen=True)
class Failure:
    """Why a schema stayed where it was."""

    schema_name: str
    name: str
    step: str
    error: str
    attempts: int

    def __str__(self) -> str:
        return f"{self.name} ({self.schema_name}), {self.step}: {self.error}"


@dataclass
class Report:
    """What a run has done so far. Threads share one."""

    target: Revision
    started_at: datetime = field(default_factory=timezone.now)
    migrated: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    retries: int = 0
    ended_by: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add_migrated(self, member: Member, seconds: float) -> None:
        with self._lock:
            self.migrated[member.schema_name] = round(seconds, 4)

    def add_failure(self, member: Member, error: Exception, attempts: int) -> None:
        step = error.step if isinstance(error, StepError) else "before its first step"
        why = sentence(error)
        with self._lock:
            self.failures.append(Failure(member.schema_name, member.name, step, why, attempts))

    def add_gone(self, member: Member) -> None:
        with self._lock:
            self.gone.append(member.schema_name)

    def add_retry(self) -> None:
        with self._lock:
            self.retries += 1

    @property
    def seconds(self) -> float:
        return (timezone.now() - self.started_at).total_seconds()

    def lines(self) -> Iterator[str]:
        """What a person wants to know at the end."""
        done, spent = len(self.migrated), self.seconds
        yield f"Migrated {done} schemas in {spent:.1f} s; {len(self.failures)} failed."
        if self.gone:
            yield f"{len(self.gone)} went while we were at work."
        if self.retries:
            yield f"{self.retries} times somebody was at work in a schema: tried again."
        yield from (f"Failed: {failure}" for failure in self.failures)

    def write(self, path: Path) -> None:
        """Write all of it as JSON, whole or not at all."""
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
    """Return the kind and first line of what went wrong, without the rows it may quote."""
    cause = error.__cause__ if isinstance(error, StepError) else error
    first = next(iter(str(cause).splitlines()), "")
    return f"{type(cause).__name__}: {first}"
