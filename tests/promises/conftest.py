"""How long the promises are attacked, and where the figures go.

In `make test` each attack runs for seconds, and takes the same steps each time; `make prove` sets
PROMISES=full and runs them for minutes, along new ways, with figures for docs/promises.md. Where it
has few minutes, PROMISES_SCALE is the part of the length that is left: 0 to 1.
"""

import contextlib
import dataclasses
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import HealthCheck, Phase, settings

from dev.ports import free_port
from tests.environment import WORKER, redis_url
from tests.fixtures import _drop
from tests.stacks import Stack, environment, running
from tests.static import collected

FULL = os.environ.get("PROMISES") == "full"
SCALE = float(os.environ.get("PROMISES_SCALE", "1")) if FULL else 0.0
# Whether there is time for what takes minutes by itself.
LONG = SCALE > 0.25


def scaled(full: int, *, quick: int) -> int:
    """Return how many: `quick` in `make test`, up to `full` in `make prove`, as time allows."""
    return max(quick, round(full * SCALE))


# A busy machine is no reason to fail, and a failing example is printed to be repeated.
settings.register_profile(
    "promises",
    max_examples=scaled(400, quick=25),
    deadline=None,
    derandomize=not FULL,
    print_blob=True,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.target, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("promises")


@pytest.fixture(scope="session")
def full() -> bool:
    """Whether there are minutes rather than seconds."""
    return FULL


@pytest.fixture(scope="session")
def figure():
    """Note a figure: which promise, what was counted, how many."""
    place = os.environ.get("PROMISES_FIGURES")

    def note(promise: str, what: str, value: object) -> None:
        if place:
            with Path(place).open("a") as file:
                file.write(json.dumps([promise, what, str(value)]) + "\n")

    return note


@pytest.fixture(scope="session")
def production(clone, administrator, tmp_path_factory) -> Iterator[Stack]:
    """A web process as it runs in production, behind one proxy."""
    name = clone(f"test_production_{uuid.uuid4().hex[:8]}")
    folder, port = tmp_path_factory.mktemp("production"), free_port()
    url, past_the_service = (
        urlunsplit(urlsplit(each)._replace(path=f"/{name}"))
        for each in (os.environ["DATABASE_URL"], administrator)
    )
    variables = environment(
        port,
        folder,
        SAAS_ENV="production",
        BASE_ORIGIN="https://localhost",
        TRUSTED_PROXIES="1",
        DATABASE_URL=url,
        REDIS_URL=redis_url(8 - int(WORKER.removeprefix("gw") or 0) % 2),
    )
    stack = Stack(port, variables, folder, database=past_the_service)
    try:
        variables["STATIC_ROOT"] = str(collected(lambda place: _collect(stack, place)))
        with running(stack, "web"):
            yield stack
    finally:
        _drop(administrator, name)


def _collect(stack: Stack, place: Path) -> None:
    elsewhere = {**stack.environment, "STATIC_ROOT": str(place)}
    there = dataclasses.replace(stack, environment=elsewhere)
    there.manage("collectstatic", "--noinput", "--verbosity=0")


@pytest.fixture(scope="module")
def deployed_web(clone, administrator, tmp_path_factory):
    """Run the web process alone, on a clone of the template, with the variables that are given."""
    with contextlib.ExitStack() as ends:

        def run(**variables: str) -> Stack:
            name = clone(f"test_web_{uuid.uuid4().hex[:8]}")
            ends.callback(_drop, administrator, name)
            url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
            redis = redis_url(10 + int(WORKER.removeprefix("gw") or 0))
            logs, port = tmp_path_factory.mktemp("web"), free_port()
            variables = {"RATE_LIMITS": "off", **variables}
            read = environment(port, logs, DATABASE_URL=url, REDIS_URL=redis, **variables)
            return ends.enter_context(running(Stack(port, read, logs, database=url), "web"))

        yield run
