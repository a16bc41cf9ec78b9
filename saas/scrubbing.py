"""What no log line may hold: addresses, passwords, tokens, codes. Masked wherever it appears.

Two nets, one behind the other. What the present request carries in (its cookies, and the
fields whose names tell of a secret) is masked word for word, whatever it looks like. Whatever
*looks* like a secret is masked wherever it comes from. A line that can't be looked through
is withheld. Knows nothing of Django, so that it works before any setting is read.
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
# What lies between two log lines of a thread: the request that it answers.
present_request: ContextVar[Any] = ContextVar("present_request", default=None)

SENSITIVE_NAME = re.compile(r"(?i)pass|token|secret|code|key|login|mail|phone|csrf|cookie|auth")
# Shorter ones would mask half of what is said.
MIN_WORD, MIN_COOKIE = 4, 16

# Each is linear in the text: bounded where it could start anywhere.
_ADDRESS = r"(?:[\w.!#$%&*+?^`{|}~-]{1,64}|\"[^\"\n]{1,64}\")(?:@|%40)[\w.\[\]:-]{1,255}"
_QUOTED = r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\""
# PostgreSQL quotes the row that it refuses, and the statement with its values.
_FIELD = r"^(\s*(?:DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):).*?"
_NEXT_FIELD = r"(?=\n(?:HINT|The above|During handling|Traceback|\s+File |\s+[+|])|\Z)"
# A password may hold anything, so that its end isn't known unless it is quoted.
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
# What names are made of: words, CamelCase, small numbers, the hash in a constraint's name.
_PIECE = re.compile(r"[A-Z]{0,20}|[A-Z]?[a-z]{1,20}(?:[A-Z][a-z]{1,20})*|\d{1,6}|[0-9a-f]{8}")


def scrub(text: str) -> str:
    """Return a text without secrets. Never raises."""
    try:
        for word in carried_in(present_request.get()):
            text = text.replace(word, MASK)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return _RUN.sub(_mask_token, text)
    except Exception:  # noqa: BLE001  # Whatever is wrong, the line isn't shown as it is.
        return WITHHELD


def carried_in(request: Any) -> list[str]:
    """Return what a request carries that nobody else may know, the longest first.

    Fields only once somebody has read them: reading the body here could fail, or hang.
    """
    if request is None:
        return []
    cookies = [value for value in request.COOKIES.values() if len(value) >= MIN_COOKIE]
    fields = _sensitive(getattr(request, "_post", None)) + _sensitive(request.GET)
    words = {form for value in [*cookies, *fields] for form in _written(value)}
    return sorted(words, key=len, reverse=True)


def scrub_event(_logger: Any, _name: str, event: Any) -> Any:
    """Scrub each value of a structlog event; a processor for right before the renderer."""
    return {name: _scrub_value(name, value) for name, value in event.items()}


class ScrubbingFormatter(logging.Formatter):
    """Another formatter, with what it returns scrubbed. Never raises."""

    def __init__(self, inner: logging.Formatter | None) -> None:
        super().__init__()
        self.inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        return safely(lambda: scrub(self.inner.format(record)), record)


def safely(write: Callable[[], str], record: logging.LogRecord) -> str:
    """Return what `write` returns; if it raises, that this logger had something to say.

    logging itself would print the arguments of a line that can't be formatted.
    """
    try:
        return write()
    except Exception:  # noqa: BLE001  # The same.
        return f"{record.levelname} {record.name} {WITHHELD}"


def install() -> None:
    """Scrub what Python itself prints when nobody catches an error."""
    sys.excepthook = _print_scrubbed
    threading.excepthook = lambda unhandled: _print_scrubbed(
        unhandled.exc_type, unhandled.exc_value, unhandled.exc_traceback
    )


def _print_scrubbed(
    kind: type[BaseException], error: BaseException | None, frames: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    sys.stderr.write(scrub("".join(traceback.format_exception(kind, error, frames))))


def _sensitive(fields: Any) -> list[str]:
    """Return the values of the fields whose names tell of a secret."""
    lists: Iterable[tuple[str, list[Any]]] = fields.lists() if fields else []
    named = (values for name, values in lists if SENSITIVE_NAME.search(name))
    return [str(value) for values in named for value in values if len(str(value)) >= MIN_WORD]


def _written(value: str) -> set[str]:
    """Return the ways in which a value may stand in a line."""
    return {value, repr(value)[1:-1], quote(value), quote_plus(value), quote(value, safe="")}


def _scrub_value(name: str, value: Any) -> Any:
    if SENSITIVE_NAME.search(name):
        return MASK
    if value is None or isinstance(value, bool | int | float):
        return value
    return scrub(value if isinstance(value, str) else repr(value))


def _mask_token(run: re.Match[str]) -> str:
    """Mask a long run of letters and digits, unless it is a name or an id."""
    text = run[0]
    is_name = all(_PIECE.fullmatch(piece) for piece in re.split(r"[_-]", text))
    return text if is_name or _UUID.fullmatch(text) else MASK
