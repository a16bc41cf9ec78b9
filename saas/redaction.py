"""Redaction of log lines: addresses, passwords, tokens and codes are masked.

Two filters in sequence. The first masks what the present request carries (its cookies, and the
fields with the name of a secret), in any form. The second masks what *looks* like a secret, from
any source. A line that can't be scrubbed is withheld. Doesn't import Django, so that it works
before any setting is read.
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "…"
WITHHELD = "[withheld: it could not be looked through for secrets]"
# The request that the thread answers.
present_request: ContextVar[Any] = ContextVar("present_request", default=None)

SENSITIVE_NAME = re.compile(r"(?i)pass|token|secret|code|key|login|mail|phone|csrf|cookie|auth")
# Minimum lengths: shorter values would mask half of a line.
MIN_WORD, MIN_COOKIE = 4, 16

# Each takes linear time: its repetitions are bounded where it could start anywhere.
_ADDRESS = r"(?:[\w.!#$%&*+?^`{|}~-]{1,64}|\"[^\"\n]{1,64}\")(?:@|%40)[\w.\[\]:-]{1,255}"
_QUOTED = r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\""
# PostgreSQL quotes the refused row, and the statement with its values.
_FIELD = r"^(\s*(?:DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):).*?"
_NEXT_FIELD = r"(?=\n(?:HINT|The above|During handling|Traceback|\s+File |\s+[+|])|\Z)"
# A password may hold any character, so its end isn't known unless it is quoted.
_PASSWORD = rf"(?i)(pass(?:word|wd|phrase)\w{{0,8}}[\"']?\s*[:=]\s*)(?:{_QUOTED}|[^&\n]+)"
_NAMES = (
    r"token|secret|cookie|authorization|session_?(?:key|id)?|csrf\w{0,20}|api_?key|login|e?mail"
    r"|\bcode"
)
_NAMED = rf"(?i)((?:{_NAMES})[\"']?\s*(?:=\s*|:\s+))(?!\d{{1,3}}\b)(?:{_QUOTED}|[^\s&,;)}}\]]+)"
# allauth's codes: consonants alone, so that they are no words (RFC 8628, section 6.1).
_CODE = r"(?i)(?<![\w-])[B-DF-HJ-NP-TV-XZ]{4}-?[B-DF-HJ-NP-TV-XZ]{4}(?![\w-])"
_PATTERNS = [
    (re.compile(_FIELD + _NEXT_FIELD, re.MULTILINE | re.DOTALL), rf"\1 {MASK}"),
    (re.compile(r"(invalid input [^\n:]{0,80}: )\"[^\"\n]*\""), rf'\1"{MASK}"'),
    (re.compile(r"(/password/reset/key/)[^/\s\"']+"), rf"\1{MASK}"),
    (re.compile(r"(://)[^\s/@]{1,256}@"), rf"\1{MASK}@"),
    (re.compile(_PASSWORD), rf"\1{MASK}"),
    (re.compile(_NAMED), rf"\1{MASK}"),
    (re.compile(_ADDRESS), MASK),
    (re.compile(_CODE), MASK),
]
_RUN = re.compile(r"[\w-]{24,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The parts of names: words, CamelCase, small numbers, the hash in a constraint's name.
_PIECE = re.compile(r"[A-Z]{0,20}|[A-Z]?[a-z]{1,20}(?:[A-Z][a-z]{1,20})*|\d{1,6}|[0-9a-f]{8}")


def redact(text: str) -> str:
    """Return a text without secrets. Never raises."""
    try:
        for word in carried_in(present_request.get()):
            text = text.replace(word, MASK)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return _RUN.sub(_mask_token, text)
    except Exception:  # noqa: BLE001  # After any error, the line isn't shown as it is.
        return WITHHELD


def carried_in(request: Any) -> list[str]:
    """Return the secrets that a request carries, the longest first.

    Form fields only once a view has read them: reading the body here could fail, or block.
    """
    if request is None:
        return []
    cookies = [value for value in request.COOKIES.values() if len(value) >= MIN_COOKIE]
    fields = _sensitive(getattr(request, "_post", None)) + _sensitive(request.GET)
    words = {form for value in [*cookies, *fields] for form in _written(value)}
    return sorted(words, key=len, reverse=True)


def scrub_event(_logger: Any, _name: str, event: Any) -> Any:
    """Scrub each value of a structlog event; the processor before the renderer."""
    return {name: _scrub_value(name, value) for name, value in event.items()}


class RedactingFormatter(logging.Formatter):
    """Scrubs what another formatter returns. Never raises."""

    def __init__(self, inner: logging.Formatter | None) -> None:
        super().__init__()
        self.inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        return safely(lambda: redact(self.inner.format(record)), record)


def safely(write: Callable[[], str], record: logging.LogRecord) -> str:
    """Return what `write` returns; if it raises, a line with the level and the logger's name.

    logging itself would print the arguments of a line that can't be formatted.
    """
    try:
        return write()
    except Exception:  # noqa: BLE001  # As in `redact`.
        return f"{record.levelname} {record.name} {WITHHELD}"


def install() -> None:
    """Scrub the tracebacks that Python itself prints of uncaught errors."""
    sys.excepthook = _print_scrubbed
    threading.excepthook = lambda unhandled: _print_scrubbed(
        unhandled.exc_type, unhandled.exc_value, unhandled.exc_traceback
    )


def _print_scrubbed(
    kind: type[BaseException], error: BaseException | None, frames: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    sys.stderr.write(redact("".join(traceback.format_exception(kind, error, frames))))


def _sensitive(fields: Any) -> list[str]:
    """Return the values of the fields with the name of a secret."""
    lists: Iterable[tuple[str, list[Any]]] = fields.lists() if fields else []
    named = (values for name, values in lists if SENSITIVE_NAME.search(name))
    return [str(value) for values in named for value in values if len(str(value)) >= MIN_WORD]


def _written(value: str) -> set[str]:
    """Return the forms in which a value may appear in a line."""
    return {value, repr(value)[1:-1], quote(value), quote_plus(value), quote(value, safe="")}


def _scrub_value(name: str, value: Any) -> Any:
    if SENSITIVE_NAME.search(name):
        return MASK
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(value if isinstance(value, str) else repr(value))


def _mask_token(run: re.Match[str]) -> str:
    """Mask a long run of letters and digits, unless it is a name or an id."""
    text = run[0]
    is_name = all(_PIECE.fullmatch(piece) for piece in re.split(r"[_-]", text))
    return text if is_name or _UUID.fullmatch(text) else MASK
