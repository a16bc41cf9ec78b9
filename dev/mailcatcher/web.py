"""The HTTP side: the inbox's page and its JSON API, on the loopback address only."""

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dev.mailcatcher import api
from dev.mailcatcher.message import Message
from dev.mailcatcher.search import found
from dev.mailcatcher.store import Store
from dev.ports import LOOPBACK

STATIC = Path(__file__).parent / "static"
FILES = {
    "/": ("inbox.html", "text/html; charset=utf-8"),
    "/inbox.css": ("inbox.css", "text/css; charset=utf-8"),
    "/inbox.js": ("inbox.js", "text/javascript; charset=utf-8"),
    "/favicon.svg": ("favicon.svg", "image/svg+xml"),
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
)
# A message is an untrusted page: no scripts, no forms, no access to the inbox around it.
MESSAGE_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src * data:; style-src 'unsafe-inline'; font-src *"
)
MESSAGE = re.compile(r"/api/v1/message/(\w+)(?:/(headers|raw|part/(\d+)))?")
VIEW = re.compile(r"/view/(\w+)\.(html|txt)")
CONTENT_ID = re.compile(r"cid:([^\"'\s)>]+)")
OWN_HOSTS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")


class Handler(BaseHTTPRequestHandler):
    store: Store
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._guarded(self._get)

    def do_DELETE(self) -> None:
        self._guarded(self._delete)

    def log_message(self, *_: object) -> None:
        """Logs nothing: the page polls every other second."""

    def _guarded(self, answer: Callable[[], None]) -> None:
        """Any other Host is a page elsewhere whose name was pointed at this machine."""
        if OWN_HOSTS.fullmatch(self.headers.get("Host", "")):
            answer()
        else:
            self._send(421, b"This inbox answers to localhost only.", "text/plain")

    def _get(self) -> None:
        path = urlsplit(self.path).path
        if path in FILES:
            self._file(*FILES[path])
        elif path in ("/api/v1/messages", "/api/v1/search"):
            self._list()
        elif match := MESSAGE.fullmatch(path):
            message_id, what, part = match.groups()
            self._with_message(message_id, lambda message: self._message(message, what, part))
        elif match := VIEW.fullmatch(path):
            message_id, kind = match.groups()
            self._with_message(message_id, lambda message: self._view(message, kind))
        else:
            self._not_found()

    def _delete(self) -> None:
        if urlsplit(self.path).path != "/api/v1/messages":
            self._not_found()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            ids = list(json.loads(body).get("IDs") or [])
        except (ValueError, AttributeError):
            ids = []
        self.store.delete(ids)
        self._send(200, b"ok", "text/plain")

    def _list(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        terms = query.get("query", "").strip()
        if asked.path.endswith("/search") and not terms:
            self._send(400, b"Error: no search query", "text/plain")
            return
        matching = found(self.store.messages(), terms) if terms else self.store.messages()
        start, limit = _number(query.get("start"), 0), _number(query.get("limit"), 50)
        self._json(api.page(self.store, matching, start, limit))

    def _with_message(self, message_id: str, answer: Callable[[Message], None]) -> None:
        message = self.store.get(message_id)
        if message:
            answer(message)
        else:
            self._not_found()

    def _message(self, message: Message, what: str | None, part_number: str | None) -> None:
        if part_number:
            self._part(message, part_number)
        elif what == "headers":
            self._json(message.headers())
        elif what == "raw":
            self._send(200, message.source, "text/plain; charset=utf-8")
        else:
            self.store.mark_read(message.id)
            self._json(api.details(message))

    def _part(self, message: Message, number: str) -> None:
        part = next((part for part in message.parts if part.number == number), None)
        if part:
            self._send(200, part.content, part.content_type, MESSAGE_POLICY)
        else:
            self._not_found()

    def _view(self, message: Message, kind: str) -> None:
        if kind == "txt":
            self._send(200, message.text.encode(), "text/plain; charset=utf-8")
            return
        parts = {
            part.content_id: f"/api/v1/message/{message.id}/part/{part.number}"
            for part in message.parts
        }
        body = CONTENT_ID.sub(lambda match: parts.get(match[1], match[0]), message.html)
        html = '<base target="_blank">' + body
        self._send(200, html.encode(), "text/html; charset=utf-8", MESSAGE_POLICY)

    def _file(self, name: str, content_type: str) -> None:
        self._send(200, (STATIC / name).read_bytes(), content_type)

    def _json(self, content: Any) -> None:
        self._send(200, json.dumps(content).encode(), "application/json")

    def _not_found(self) -> None:
        self._send(404, b"Not found", "text/plain")

    def _send(
        self, status: int, content: bytes, content_type: str, policy: str = PAGE_POLICY
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)


def server(store: Store, port: int) -> ThreadingHTTPServer:
    handler = type("StoreHandler", (Handler,), {"store": store})
    return ThreadingHTTPServer((LOOPBACK, port), handler)


def _number(given: str | None, default: int) -> int:
    return int(given) if given and given.isdigit() else default
