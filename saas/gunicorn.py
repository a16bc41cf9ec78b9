"""The configuration of gunicorn: threads, the same in every environment."""

import contextlib
import errno
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn, ThreadWorker

from saas.redaction import RedactingFormatter
from tenancy.timeouts import CLIENT_CLOSE, CLIENT_READ, CLIENT_WRITE

bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 60
graceful_timeout = 20
keepalive = 5
# Set here, so that no default applies: gunicorn refuses longer requests before Django sees them.
limit_request_line = 4094
limit_request_fields = 100
limit_request_field_size = 8190
# The system call has no time limit for a whole file.
sendfile = False
accesslog = "-"

behind_proxies = int(os.environ.get("TRUSTED_PROXIES", "0")) > 0
forwarded_allow_ips = "*" if behind_proxies else "127.0.0.1"
# By default gunicorn takes SCRIPT_NAME and PATH_INFO from a request's headers. With them a visitor
# would choose under which address a page is found, and what links in e-mails begin with.
forwarder_headers = ""
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
client = "%({x-forwarded-for}i)s" if behind_proxies else "%(h)s"
# The path without its query, which holds the token of a handoff.
access_log_format = f'{client} "%(m)s %(U)s" %(s)s %(B)s %(M)sms'


is_development = os.environ.get("SAAS_ENV") == "development"


class RedactingLogger(Logger):
    """gunicorn's logger with scrubbed lines: it quotes addresses that it can't parse."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(RedactingFormatter(handler.formatter))

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """Log a request; in development, files of pages would hide the pages themselves."""
        if not (is_development and req.path.startswith("/static/")):
            super().access(resp, req, environ, request_time)


logger_class = RedactingLogger


class ClientSocket(socket.socket):
    """A client's connection with a time limit for reading a request and for writing its answer.

    A limit is for the sum of all waiting in one direction: a byte every other second doesn't
    extend it. gunicorn itself has none. Raises `TimeoutError` with the number of a reset
    connection, which gunicorn doesn't log as an error.
    """

    _seconds_left: dict[str, float]

    def start_request(self) -> None:
        self._seconds_left = {"read": CLIENT_READ, "write": CLIENT_WRITE}

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        with self._limited("read"):
            return super().recv(bufsize, flags)

    def send(self, data: Any, flags: int = 0, /) -> int:
        with self._limited("write"):
            return super().send(data, flags)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        with self._limited("write"):
            super().sendall(data, flags)

    @contextlib.contextmanager
    def _limited(self, direction: str) -> Iterator[None]:
        timeout, left = self.gettimeout(), self._seconds_left[direction]
        too_slow = TimeoutError(errno.ECONNRESET, "The client is too slow.")
        if left <= 0:
            raise too_slow
        self.settimeout(left if timeout is None else min(timeout, left))
        began = time.monotonic()
        try:
            yield
        except TimeoutError as error:
            raise too_slow from error
        finally:
            self._seconds_left[direction] -= time.monotonic() - began
            self.settimeout(timeout)


class Connection(TConn):
    """gunicorn's connection, which blocks neither a thread nor the worker's loop while it is idle.

    gunicorn's own holds a thread for five seconds until the first byte comes, and stops the
    loop for two seconds until the client has closed.
    """

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        sock = ClientSocket(sock.family, sock.type, sock.proto, fileno=sock.detach())
        super().__init__(cfg, sock, client, server)
        self.deletion_due_at = 0.0

    def wait_for_data(self, timeout: float) -> bool:
        """Return whether data is there. If not, the loop waits for it."""
        return bool(super().wait_for_data(0))

    def finish(self) -> bool:
        """Announce that no answer follows, and return whether the client may still be sending.

        To close before unread data has come would reset the connection, and the client could
        lose its answer (RFC 9112, section 9.6).
        """
        self.deletion_due_at = time.monotonic() + CLIENT_CLOSE
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        if self.parser:
            self.parser.unreader.take_buffered()
        return self.discard()

    def discard(self) -> bool:
        """Discard what the client has sent, and return whether it may send more."""
        self.sock.setblocking(False)
        try:
            return bool(self.sock.recv(65_536)) and time.monotonic() < self.deletion_due_at
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self, graceful: bool = False) -> None:
        """Close at once: `finish` is the graceful part."""
        super().close()


class LimitedThreadWorker(ThreadWorker):
    """gunicorn's threads, with time limits for slow clients."""

    def enqueue_req(self, conn: TConn) -> None:
        if not isinstance(conn, Connection):
            conn = Connection(conn.cfg, conn.sock, conn.client, conn.server)
        super().enqueue_req(conn)

    def handle(self, conn: Connection) -> Any:
        """Handle a request, and return whether the loop waits for more from the client."""
        if conn.deletion_due_at:
            return conn.discard()
        conn.sock.start_request()
        return super().handle(conn) or conn.finish()


worker_class = LimitedThreadWorker
