"""Requests to the WSGI application, as a web server's thread sends them, one by one."""

import io
import random
import sys
import time
from functools import cache
from http import HTTPStatus
from typing import Any

from django.core.wsgi import get_wsgi_application


def get(path: str, hosts: list[str], count: int, cookie: str = "") -> list[float]:
    """Request a page `count` times, host by host, and return the seconds of each answer."""
    application = _application()
    seconds = []
    for number in range(count):
        environ = _environ(path, hosts[number % len(hosts)], cookie)
        started = time.perf_counter()
        _answer(application, environ)
        seconds.append(time.perf_counter() - started)
    return seconds


def get_at_random(path: str, hosts: list[str], seconds: float, seed: int) -> list[float]:
    """Request pages of random hosts for some seconds, and return the second of each answer."""
    random_hosts = random.Random(seed)  # noqa: S311  # No secret: the same in each run.
    application = _application()
    started = time.perf_counter()
    answered_at = [0.0]
    while answered_at[-1] < seconds:
        _answer(application, _environ(path, random_hosts.choice(hosts), cookie=""))
        answered_at.append(time.perf_counter() - started)
    return answered_at[1:]


@cache
def _application() -> Any:
    return get_wsgi_application()


def _answer(application: Any, environ: dict[str, Any]) -> None:
    """Read an answer to its end. Raises `RuntimeError` unless its status is 200."""
    statuses: list[str] = []
    answer = application(environ, lambda status, _headers, _error=None: statuses.append(status))
    try:
        body = b"".join(answer)
    finally:
        answer.close()
    if not statuses[0].startswith(str(HTTPStatus.OK.value)):
        raise RuntimeError(f"{environ['PATH_INFO']} answered {statuses[0]}: {body[:500]!r}")


def _environ(path: str, host: str, cookie: str) -> dict[str, Any]:
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
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
