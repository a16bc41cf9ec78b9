"""The sides of a comparison, each a Django of its own in a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.clocks import DatabaseClock, Spent

# The service itself, without a table of ours: one for each size of the fleet, the largest first.
VISITORS = ("visitors", "visitors_2", "visitors_3")
# What a side is: its settings, the database it works in, and what its environment says.
PROJECTS = {
    "ours": "bench.projects.ours",
    "service": "bench.projects.ours",
    "stock": "bench.projects.stock",
    "plain": "bench.projects.plain",
    **dict.fromkeys(VISITORS, "saas.settings"),
}
DATABASES = {
    "ours": "ours",
    "service": "ours",
    "stock": "stock",
    "plain": "plain",
    **{name: name for name in VISITORS},
}
ENVIRONMENT = {"service": {"BENCH_MIDDLEWARE": "whole"}}


class SideError(RuntimeError):
    """A side's process died; what it said last stands in its log."""


@dataclass(frozen=True)
class Outcome:
    """What an operation returned, and what it took."""

    result: Any
    spent: Spent


class Side:
    """A handle on a side's process."""

    def __init__(
        self, name: str, environ: Mapping[str, str], clock: DatabaseClock, log: Path
    ) -> None:
        self.name = name
        self._clock = clock
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.worker"],
                env={
                    **environ,
                    "DJANGO_SETTINGS_MODULE": PROJECTS[name],
                    **ENVIRONMENT.get(name, {}),
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.seconds_to_start: float = self._answer()["result"]

    @property
    def process_id(self) -> int:
        return self._process.pid

    def do(self, deed: str, **arguments: Any) -> Outcome:
        """Run an operation, and return its result and cost. Raises `SideError`."""
        before = self._clock.read()
        order = json.dumps({"deed": f"bench.deeds.{deed}", "arguments": arguments})
        assert self._process.stdin
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        spent = Spent(answer["wall"], answer["cpu"], self._clock.read() - before)
        return Outcome(answer["result"], spent)

    def close(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(60)
        if self._process.stdout:
            self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            tail = self._log.read_text(errors="replace")[-3000:]
            raise SideError(f"The side {self.name!r} died:\n{tail}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def started(
    names: tuple[str, ...],
    databases: Mapping[str, Mapping[str, str]],
    clock: DatabaseClock,
    folder: Path,
    **more: str,
) -> Iterator[dict[str, Side]]:
    """Start sides by name, with `more` in their environment, and end them with the block."""
    with contextlib.ExitStack() as stack:
        sides = {}
        for name in names:
            environ = {**os.environ, **databases[DATABASES[name]], **more}
            sides[name] = Side(name, environ, clock, folder / f"{name}.log")
            stack.callback(sides[name].close)
        yield sides
