"""The service as its users meet it: web, worker and beat as processes, and a browser."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import requests

from dev.ports import free_port
from tests.conftest import _drop
from tests.environment import WORKER, redis_url
from tests.inbox import letters_to

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Stack:
    """A running service with a database of its own."""

    port: int
    environment: dict[str, str]
    database: str
    logs: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def origin_of(self, slug: str) -> str:
        return f"http://{slug}.localhost:{self.port}"

    def start(self, name: str) -> None:
        log = (self.logs / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [str(ROOT / "bin" / "start"), name],
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        """End a process and its children, and wait until it is gone."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(timeout=30)

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look into the database, past the service."""
        with psycopg.connect(self.database) as plain:
            return plain.execute(statement, parameters).fetchall()

    def wait_for_letter(self, address: str, subject: str = "") -> dict[str, Any]:
        """Wait until a letter has come."""

        def arrived() -> dict[str, Any] | None:
            letters = (m for m in letters_to(address) if subject in m["Subject"])
            return next(letters, None)

        return wait_until(arrived, f"a letter to {address} about {subject!r}")


def wait_until(condition: Any, what: str, seconds: float = 30) -> Any:
    """Ask again and again until the answer is truthy."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {seconds} s")


def _environment(database: str, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DATABASE_URL": database,
        "REDIS_URL": redis_url(10 + int(WORKER.removeprefix("gw") or 0)),
        "BASE_ORIGIN": f"http://localhost:{port}",
        "WEB_BIND": f"127.0.0.1:{port}",
        "WEB_WORKERS": "1",
        "DATABASE_POOL_SIZE": "4",
        "WORKER_CONCURRENCY": "1",
        "OUTBOX_SWEEP_SECONDS": "1",
        "PYTHONWARNINGS": "default",
    }


@pytest.fixture(scope="session")
def stack(clone, administrator, tmp_path_factory) -> Iterator[Stack]:
    """The whole service, on a clone of the template."""
    name = clone(f"test_stack_{uuid.uuid4().hex[:8]}")
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    port = free_port()
    logs = tmp_path_factory.mktemp("stack")
    environment = _environment(url, port) | {"BEAT_SCHEDULE": str(logs / "schedule")}
    stack = Stack(port, environment, url, logs)
    try:
        for process in ("web", "worker", "beat"):
            stack.start(process)
        wait_until(lambda: _is_ready(stack), f"the service (logs in {logs})", 60)
        yield stack
    finally:
        for process in list(stack.processes):
            stack.stop(process)
        _drop(administrator, name)


def _is_ready(stack: Stack) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{stack.port}/readyz", timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


# --- The browser ---


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium, driven by Playwright.

    Not for the whole session: its event loop would keep Django from the database.
    """
    if not CHROMIUM:
        pytest.skip("no Chromium here: install Debian's package chromium")
    from playwright.sync_api import sync_playwright

    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, stack):
    """Open a page in a context of its own; fails on any script error or CSP violation."""
    contexts, complaints = [], []

    def make(**options):
        context = browser.new_context(**{"locale": "en-US", **options})
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if _is_complaint(m) else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def _is_complaint(message: Any) -> bool:
    """Whether the console says more than what happens on pages that work.

    A form with errors is a 4xx. A page that is left while it still checks what was typed
    breaks that check off; htmx calls that an abort, and an error.
    """
    expected = ("Failed to load resource", "htmx:sendAbort", "htmx:afterRequest")
    return message.type == "error" and not any(words in message.text for words in expected)


@pytest.fixture
def sign_up(stack):
    """Fill in and send the sign-up form on an open page."""

    def fill(page, slug, **changes):
        typed = {
            "organization": slug.title(),
            "subdomain": slug,
            "full_name": "Ada Lovelace",
            "email": f"ada@{slug}.test",
            "password": "correct horse battery staple",
            **changes,
        }
        page.goto(f"{stack.origin}/signup/")
        for name, value in typed.items():
            page.locator(f"[name={name}]").fill(value)
        page.locator("[name=terms]").check()
        page.locator("form[data-sign-up] button:not([type=button])").last.click()
        return typed

    return fill


@pytest.fixture
def unique_slug() -> str:
    """A subdomain that no other test has taken."""
    return f"org{uuid.uuid4().hex[:10]}"
