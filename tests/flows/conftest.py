"""The service as its users meet it: web, worker and beat as processes, and a browser."""

import os
import shutil
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from dev.ports import free_port
from tests.environment import WORKER, redis_url
from tests.fixtures import _drop
from tests.stacks import Stack, environment, running

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""


@pytest.fixture(scope="session")
def stack(clone, administrator, tmp_path_factory) -> Iterator[Stack]:
    """The whole service, on a clone of the template."""
    name = clone(f"test_stack_{uuid.uuid4().hex[:8]}")
    url, past_the_service = (
        urlunsplit(urlsplit(each)._replace(path=f"/{name}"))
        for each in (os.environ["DATABASE_URL"], administrator)
    )
    port = free_port()
    logs = tmp_path_factory.mktemp("stack")
    redis = redis_url(10 + int(WORKER.removeprefix("gw") or 0))
    variables = environment(port, logs, DATABASE_URL=url, REDIS_URL=redis)
    try:
        with running(
            Stack(port, variables, logs, database=past_the_service), "web", "worker", "beat"
        ) as stack:
            yield stack
    finally:
        _drop(administrator, name)


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
