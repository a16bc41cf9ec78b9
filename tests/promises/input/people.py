"""Who asks: each kind of person with a browser, and what no answer may ever be."""

import re
import traceback
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from django.core.signals import got_request_exception
from django.db import connection

from tests.clients import Client
from tests.contexts import public_context
from tests.promises.input import corpus

TAGS = re.compile(r"<(script|style|title).*?</\1>|<[^>]+>", re.DOTALL)
BROKEN = ("Traceback (most recent call last)", "DisallowedHost at", "Exception Value")
FORM = "application/x-www-form-urlencoded"


@dataclass
class Person:
    """A browser on one host, signed in or not. Nothing that it asks for is kept.

    What is wrong with an answer is noted in `faults`, so that one run finds all there is.
    """

    name: str
    urlconf: str
    client: Client
    cookies: dict[str, str]
    asked: int = 0
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return str(self.client.defaults["SERVER_NAME"])

    def ask(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        content_type: str = FORM,
        *,
        csrf: bool = False,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Send a request, judge the answer, and take back what it did."""
        self.client.cookies = SimpleCookie(self.cookies)
        self.client.handler.enforce_csrf_checks = csrf
        raised: list[str] = []

        def note(**_: Any) -> None:
            raised.append(traceback.format_exc())

        got_request_exception.connect(note)
        with public_context():
            before = connection.savepoint()
        try:
            extra = {"QUERY_STRING": query, **(headers or {})}
            response = self.client.generic(method, path, body, content_type, **extra)
            fault = judge(response, self.host, raised)
        finally:
            got_request_exception.disconnect(note)
            with public_context():
                connection.savepoint_rollback(before)
        self.asked += 1
        if fault:
            said = (
                f"{method} {path!r} ?{query[:300]!r} {content_type[:80]!r} {body[:300]!r} {headers}"
            )
            self.faults.setdefault(fault, f"{self.name}: {said}\n{''.join(raised)[-1500:]}")
        return response

    def is_content(self) -> None:
        """Fail with all that was wrong."""
        told = "\n\n".join(f"--- {fault}\n{said}" for fault, said in self.faults.items())
        assert not self.faults, f"{len(self.faults)} faults\n{told}"


def judge(response: Any, host: str, raised: list[str]) -> str:
    """Return what is wrong with an answer, if anything: an error of ours, an echo, a way
    elsewhere, a refusal without a sentence.
    """
    place = response.request["PATH_INFO"][:60]
    if raised or response.status_code >= 500:
        return f"{response.status_code} {_kind_of(raised)}"
    text = b"".join(response).decode("utf-8", "replace")
    if any(each in text for each in BROKEN):
        return f"a stack trace: {place}"
    if response.get("Content-Type", "").startswith("text/html") and corpus.CANARY in text:
        return f"an unescaped echo: {place}"
    if response.status_code >= 400 and not _has_sentence(response, text):
        return f"{response.status_code} without a sentence: {place}"
    return _leads_away(response, host)


def _kind_of(raised: list[str]) -> str:
    """Return which error was raised and where in our code, so that each is told once."""
    if not raised:
        return ""
    error = raised[0].strip().rpartition("\n")[2].partition(":")[0]
    ours = [line for line in raised[0].splitlines() if "File" in line and ".venv" not in line]
    return f"{error} {ours[-1].strip() if ours else ''}"


def _has_sentence(response: Any, text: str) -> bool:
    if response.request["REQUEST_METHOD"] == "HEAD":
        return True
    return len(TAGS.sub(" ", text).split()) >= 4


def _leads_away(response: Any, host: str) -> str:
    """Return where a redirect leads, if that isn't the host that was asked.

    Sign-up alone leads to another one: to the host of the tenant that it has opened.
    """
    if not (location := response.get("Location")):
        return ""
    goal = urlsplit(urljoin(f"http://{host}/", location.replace("\\", "/")))
    opened = response.status_code == 303 and goal.path == "/accounts/handoff/"
    if goal.scheme in {"http", "https"} and (goal.hostname == host or opened):
        return ""
    return f"leads to {location[:100]!r}"


def address(template: str, values: dict[str, str]) -> str:
    """Return a path, with whatever stands for its names percent-encoded."""
    quoted = {name: quote(corpus.as_bytes(value), safe="") for name, value in values.items()}
    return "/" + template % quoted


def encoded(values: dict[str, Any]) -> str:
    """Return a query, or a form's body."""
    pairs = [(corpus.as_bytes(name), corpus.as_bytes(value)) for name, value in values.items()]
    return urlencode(pairs)


def parameters_in(html: str) -> set[str]:
    """Return the names that a page's links and forms put into addresses and bodies."""
    links = re.findall(r'(?:href|hx-get|action)="[^"]*\?([^"#]*)', html)
    named = {name for link in links for name, _ in parse_qsl(unescape(link), True)}
    return named | set(re.findall(r'<(?:input|select|textarea|button)[^>]* name="([^"]+)"', html))
