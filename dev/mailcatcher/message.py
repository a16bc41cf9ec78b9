"""What one received message says, read from its source."""

import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from functools import cached_property
from html import unescape

SNIPPET_LENGTH = 250
TAGS = re.compile(r"<(style|script|head)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    name: str
    address: str


@dataclass(frozen=True)
class Part:
    """An attachment, or a picture that the message shows inline."""

    number: str
    file_name: str
    content_type: str
    content_id: str
    content: bytes
    is_inline: bool


@dataclass(frozen=True)
class Message:
    id: str
    source: bytes
    received_at: datetime
    parsed: EmailMessage = field(repr=False)

    @cached_property
    def sender(self) -> Address:
        return next(iter(self.addresses("From")), Address("", self.return_path))

    @cached_property
    def blind_copies(self) -> list[Address]:
        """The recipients that the envelope names and the headers don't."""
        shown = {a.address.lower() for name in ("To", "Cc", "Bcc") for a in self.addresses(name)}
        hidden = [a for a in self.addresses("Delivered-To") if a.address.lower() not in shown]
        return [*self.addresses("Bcc"), *hidden]

    @property
    def return_path(self) -> str:
        return self.header("Return-Path").strip("<> ")

    @property
    def subject(self) -> str:
        return self.header("Subject")

    @property
    def message_id(self) -> str:
        return self.header("Message-ID").strip("<> ")

    @property
    def sent_at(self) -> datetime:
        try:
            sent_at = parsedate_to_datetime(self.header("Date"))
        except ValueError:
            return self.received_at
        return sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC)

    @cached_property
    def text(self) -> str:
        return self._body("plain")

    @cached_property
    def html(self) -> str:
        return self._body("html")

    @cached_property
    def snippet(self) -> str:
        words = self.text or unescape(TAGS.sub(" ", self.html))
        return " ".join(words.split())[:SNIPPET_LENGTH]

    @cached_property
    def parts(self) -> list[Part]:
        return list(self._parts())

    def header(self, name: str) -> str:
        return str(self.parsed.get(name, ""))

    def headers(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.parsed.items():
            found.setdefault(name, []).append(str(value))
        return dict(sorted(found.items()))

    def addresses(self, name: str) -> list[Address]:
        values = [str(value) for value in self.parsed.get_all(name, [])]
        return [Address(*pair) for pair in getaddresses(values) if pair[1]]

    def _body(self, kind: str) -> str:
        part = self.parsed.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part else ""

    def _parts(self) -> Iterator[Part]:
        bodies = [self.parsed.get_body(preferencelist=(kind,)) for kind in ("plain", "html")]
        for number, part in enumerate(self.parsed.walk(), start=1):
            if part.is_multipart() or any(part is body for body in bodies):
                continue
            content = part.get_payload(decode=True)
            yield Part(
                number=str(number),
                file_name=part.get_filename() or part.get("Content-ID", "").strip("<>"),
                content_type=part.get_content_type(),
                content_id=part.get("Content-ID", "").strip("<> "),
                content=content if isinstance(content, bytes) else b"",
                is_inline=part.get_content_disposition() == "inline",
            )


def read(message_id: str, source: bytes, received_at: datetime) -> Message:
    parsed = BytesParser(_class=EmailMessage, policy=email.policy.default).parsebytes(source)
    return Message(message_id, source, received_at, parsed)
