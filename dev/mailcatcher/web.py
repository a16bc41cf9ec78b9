"""The HTTP side: the inbox's page and its JSON API, on the loopback address only."""

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dev.mailcatcher import api
from dev.mailcatcher.letter import Letter
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
LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src * data:; style-src 'unsafe-inline'; font-src *"
)
LETTER = re.compile(r"/api/v1/message/(\w+)(?:/(headers|raw|part/(\d+)))?")
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
        elif match := LETTER.fullmatch(path):
            letter_id, what, part = match.groups()
            self._with_letter(letter_id, lambda letter: self._letter(letter, what, part))
        elif match := VIEW.fullmatch(path):
            letter_id, kind = match.groups()
            self._with_letter(letter_id, lambda letter: self._view(letter, kind))
        else:
            self._not_found()

    def _delete(self) -> None:
        if urlsplit(self.path).path != "/api/v1/messages":
            self._not_found()
            return
        self.store.delete(self._wanted_ids())
        self._send(200, b"ok", "text/plain")

    def _wanted_ids(self) -> list[str]:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            return list(json.loads(body).get("IDs") or [])
        except (ValueError, AttributeError):
            return []

    def _list(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        terms = query.get("query", "").strip()
        if asked.path.endswith("/search") and not terms:
            self._send(400, b"Error: no search query", "text/plain")
            return
        matching = found(self.store.letters(), terms) if terms else self.store.letters()
        start, limit = _number(query.get("start"), 0), _number(query.get("limit"), 50)
        self._json(api.page(self.store, matching, start, limit))

    def _with_letter(self, letter_id: str, answer: Callable[[Letter], None]) -> None:
        letter = self.store.get(letter_id)
        if letter:
            answer(letter)
        else:
            self._not_found()

    def _letter(self, letter: Letter, what: str | None, part_number: str | None) -> None:
        if part_number:
            self._part(letter, part_number)
        elif what == "headers":
            self._json(letter.headers())
        elif what == "raw":
            self._send(200, letter.source, "text/plain; charset=utf-8")
        else:
            self.store.mark_read(letter.id)
            self._json(api.message(letter))

    def _part(self, letter: Letter, number: str) -> None:
        part = next((part for part in letter.parts if part.number == number), None)
        if part:
            self._send(200, part.content, part.content_type, LETTER_POLICY)
        else:
            self._not_found()

    def _view(self, letter: Letter, kind: str) -> None:
        if kind == "txt":
            self._send(200, letter.text.encode(), "text/plain; charset=utf-8")
            return
        body = CONTENT_ID.sub(lambda match: _part_address(letter, match[1]), letter.html)
        html = '<base target="_blank">' + body
        self._send(200, html.encode(), "text/html; charset=utf-8", LETTER_POLICY)

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


def _part_address(letter: Letter, content_id: str) -> str:
    for part in letter.parts:
        if part.content_id == content_id:
            return f"/api/v1/message/{letter.id}/part/{part.number}"
    return f"cid:{content_id}"
