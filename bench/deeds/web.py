"""Requests through the WSGI application, as a web server's thread makes them, one by one."""

import io
import random
import sys
import time
from functools import cache
from http import HTTPStatus
from typing import Any

from django.core.wsgi import get_wsgi_application


def ask(path: str, hosts: list[str], count: int, cookie: str = "") -> list[float]:
    """Ask for a page so many times, host by host, and return what each answer took."""
    application = _application()
    seconds = []
    for number in range(count):
        environ = _environ(path, hosts[number % len(hosts)], cookie)
        started = time.perf_counter()
        _answer(application, environ)
        seconds.append(time.perf_counter() - started)
    return seconds


def wander(path: str, hosts: list[str], seconds: float, seed: int) -> list[float]:
    """Ask for a page of any host at a time, for so long, and return when each answer was there."""
    chance = random.Random(seed)  # noqa: S311  # No secret: the same in each run.
    application = _application()
    started = time.perf_counter()
    moments = [0.0]
    while moments[-1] < seconds:
        _answer(application, _environ(path, chance.choice(hosts), cookie=""))
        moments.append(time.perf_counter() - started)
    return moments[1:]


@cache
def _application() -> Any:
    return get_wsgi_application()


def _answer(application: Any, environ: dict[str, Any]) -> None:
    """Read an answer to its end. Raises `RuntimeError` for any that isn't a page."""
    said: list[str] = []
    answer = application(environ, lambda status, _headers, _error=None: said.append(status))
    try:
        body = b"".join(answer)
    finally:
        answer.close()
    if not said[0].startswith(str(HTTPStatus.OK.value)):
        raise RuntimeError(f"{environ['PATH_INFO']} answered {said[0]}: {body[:500]!r}")


def _environ(path: str, host: str, cookie: str) -> dict[str, Any]:
    place, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": place,
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "HTTP_COOKIE": cookie,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
