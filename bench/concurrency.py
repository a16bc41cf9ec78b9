"""Concurrent sign-ups over HTTP, with the requests that browsers would send."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from threading import Barrier

import requests

from bench.form_data import sign_up_form

FIELD = re.compile(r'name="(csrfmiddlewaretoken|idempotency_key)"[^>]*value="([^"]+)"')


class Visitor:
    """A browser that has loaded the sign-up form, at an address of its own network."""

    def __init__(self, number: int, port: int) -> None:
        self.slug = f"burst-{number}"
        self._url = f"http://localhost:{port}/signup/"
        self._browser = requests.Session()
        self._browser.headers["X-Forwarded-For"] = f"198.18.{number // 250}.{number % 250 + 1}"
        self._browser.headers["Origin"] = f"http://localhost:{port}"
        page = self._browser.get(self._url, timeout=120)
        page.raise_for_status()
        self._form = {**dict(FIELD.findall(page.text)), **sign_up_form(self.slug)}

    def send(self) -> float:
        """Send the form, and return the seconds until the answer. Raises `RuntimeError`."""
        started = time.perf_counter()
        answer = self._browser.post(self._url, data=self._form, timeout=120, allow_redirects=False)
        if answer.status_code != HTTPStatus.SEE_OTHER:
            raise RuntimeError(f"{self.slug}: {answer.status_code} {answer.text[:2000]}")
        return time.perf_counter() - started


def sign_up_concurrently(visitors: list[Visitor]) -> list[float]:
    """Send all forms at the same time, and return the seconds until each answer."""
    start = Barrier(len(visitors))

    def send(visitor: Visitor) -> float:
        start.wait()
        return visitor.send()

    with ThreadPoolExecutor(len(visitors)) as threads:
        return list(threads.map(send, visitors))
