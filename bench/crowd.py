"""Concurrent visitors, over HTTP, as their browsers would send requests."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from threading import Barrier

import requests

from bench.people import sign_up_form

FIELD = re.compile(r'name="(csrfmiddlewaretoken|idempotency_key)"[^>]*value="([^"]+)"')


class Visitor:
    """A browser with the sign-up form before it, in a network of its own."""

    def __init__(self, number: int, port: int) -> None:
        self.slug = f"crowd-{number}"
        self._origin = f"http://localhost:{port}"
        self._browser = requests.Session()
        self._browser.headers["X-Forwarded-For"] = f"198.18.{number // 250}.{number % 250 + 1}"
        self._browser.headers["Origin"] = self._origin
        self._typed: dict[str, str] = {}

    def open_form(self) -> None:
        """Ask for the form, and type into it."""
        page = self._browser.get(f"{self._origin}/signup/", timeout=120)
        page.raise_for_status()
        self._typed = {**dict(FIELD.findall(page.text)), **sign_up_form(self.slug)}

    def send(self) -> float:
        """Send the form, and return the seconds until the answer. Raises `RuntimeError`."""
        started = time.perf_counter()
        answer = self._browser.post(
            f"{self._origin}/signup/", data=self._typed, timeout=120, allow_redirects=False
        )
        if answer.status_code != HTTPStatus.SEE_OTHER:
            raise RuntimeError(f"{self.slug}: {answer.status_code} {answer.text[:2000]}")
        return time.perf_counter() - started


def gathered(first: int, count: int, port: int) -> list[Visitor]:
    """Return so many visitors, each with the form open."""
    visitors = [Visitor(number, port) for number in range(first, first + count)]
    for visitor in visitors:
        visitor.open_form()
    return visitors


def sign_up_at_once(visitors: list[Visitor]) -> list[float]:
    """Have all send their forms in one moment, and return what each waited, in seconds."""
    start = Barrier(len(visitors))

    def send(visitor: Visitor) -> float:
        start.wait()
        return visitor.send()

    with ThreadPoolExecutor(len(visitors)) as threads:
        return list(threads.map(send, visitors))
