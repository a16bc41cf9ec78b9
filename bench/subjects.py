"""The subjects of a comparison, each a Django project in a process of its own."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.resource_usage import PostgresUsage, ResourceUsage

# The service itself, without the bench's table: one for each number of tenants, the largest first.
VISITORS = ("visitors", "visitors_2", "visitors_3")
# A subject has settings, a database, and perhaps variables of its own in the environment.
PROJECTS = {
    "ours": "bench.projects.ours",
    "service": "bench.projects.ours",
    "stock": "bench.projects.stock",
    "plain": "bench.projects.plain",
    **dict.fromkeys(VISITORS, "saas.settings"),
}
DATABASES = {name: name for name in PROJECTS} | {"service": "ours"}
ENVIRONMENT = {"service": {"BENCH_MIDDLEWARE": "whole"}}
SECONDS_TO_END = 60


class SubjectError(RuntimeError):
    """A subject's process has ended; the end of its log is a note of the error."""


@dataclass(frozen=True)
class Outcome:
    """What an action returned, and what it used."""

    result: Any
    usage: ResourceUsage


class Subject:
    """A handle on a subject's process."""

    def __init__(
        self, name: str, environ: Mapping[str, str], postgres: PostgresUsage, log: Path
    ) -> None:
        self.name = name
        self._postgres = postgres
        self._log = log
        self.has_failed = False
        own = {"DJANGO_SETTINGS_MODULE": PROJECTS[name], **ENVIRONMENT.get(name, {})}
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.subject_process"],
                env={**environ, **own},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        try:
            self.seconds_to_start: float = self._answer()["result"]
        except BaseException:
            self.close()
            raise

    @property
    def process_id(self) -> int:
        return self._process.pid

    def run(self, action: str, **arguments: Any) -> Outcome:
        """Run an action, and return its result and usage. Raises `SubjectError`."""
        before = self._postgres.cpu_seconds()
        # Until it has answered: another request would get this one's answer.
        self.has_failed = True
        request = json.dumps({"action": f"bench.actions.{action}", "arguments": arguments})
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # The missing answer says why.
            self._process.stdin.write(request + "\n")
            self._process.stdin.flush()
        answer = self._answer()
        self.has_failed = False
        database = self._postgres.cpu_seconds() - before
        return Outcome(answer["result"], ResourceUsage(answer["wall"], answer["cpu"], database))

    def close(self) -> None:
        """End the process, which ends with its standard input; kill it if it doesn't."""
        assert self._process.stdin
        assert self._process.stdout
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            lines = self._log.read_text(errors="replace").strip().splitlines() or ["no log"]
            error = SubjectError(f"The process of {self.name!r} ended: {lines[-1]}")
            error.add_note("\n".join(lines[-50:]))
            raise error
        answer: dict[str, Any] = json.loads(line)
        return answer


class Subjects:
    """Starts the processes of a run's subjects; with `keeps`, they outlive their block.

    A kept process has loaded modules and connected already, so its figures mean little.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        databases: Mapping[str, Mapping[str, str]],
        postgres: PostgresUsage,
        folder: Path,
        *,
        keeps: bool,
    ) -> None:
        self._environ = environ
        self._databases = databases
        self._postgres = postgres
        self._folder = folder
        self._keeps = keeps
        self._idle: dict[tuple[str, str], list[Subject]] = {}

    @contextlib.contextmanager
    def started(
        self, names: Iterable[str], variables: dict[str, str]
    ) -> Iterator[dict[str, Subject]]:
        """Start subjects with `variables` in their environment, for the block."""
        with contextlib.ExitStack() as stack:
            subjects = {}
            for name in names:
                idle = self._idle.setdefault((name, json.dumps(variables)), [])
                subjects[name] = idle.pop() if idle else self._start(name, variables)
                stack.callback(self._release, subjects[name], idle)
            yield subjects

    def close(self) -> None:
        for idle in self._idle.values():
            while idle:
                idle.pop().close()

    def _start(self, name: str, variables: dict[str, str]) -> Subject:
        environ = {**self._environ, **self._databases[DATABASES[name]], **variables}
        return Subject(name, environ, self._postgres, self._folder / f"{name}.log")

    def _release(self, subject: Subject, idle: list[Subject]) -> None:
        if self._keeps and not subject.has_failed:
            idle.append(subject)
        else:
            subject.close()
