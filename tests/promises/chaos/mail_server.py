"""The mail server of the chaos run: it fails on demand, and keeps every e-mail with its moment."""

import logging
import re
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from email import message_from_bytes, policy

from aiosmtpd.smtp import Envelope

from tests.faulty_smtp import FaultySMTP

CODE = re.compile(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", re.MULTILINE)
LINK = re.compile(r"/accounts/invitation/\?token=[\w-]+")


@dataclass(frozen=True)
class Copy:
    """One acceptance of an e-mail: the same e-mail may be accepted more than once."""

    message_id: str
    to: str
    kind: str
    text: str
    moment: float
    is_acknowledged: bool


class MailServer(FaultySMTP):
    """Knows what it has accepted, by reader and by Message-ID."""

    def __init__(self) -> None:
        super().__init__()
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        self._lock = threading.Lock()
        self._by_reader: dict[str, list[Copy]] = defaultdict(list)

    def note(self, envelope: Envelope, *, is_acknowledged: bool) -> None:
        email = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        body = email.get_body(preferencelist=("plain",))
        copy = Copy(
            str(email["Message-ID"]).strip("<> "),
            envelope.rcpt_tos[0].lower(),
            str(email["Subject"]),
            str(body.get_content()) if body else "",
            time.monotonic(),
            is_acknowledged,
        )
        with self._lock:
            self._by_reader[copy.to].append(copy)

    def copies(self) -> list[Copy]:
        with self._lock:
            return [copy for copies in self._by_reader.values() for copy in copies]

    def codes_to(self, address: str) -> list[str]:
        """The codes that were mailed to an address, the newest last."""
        return self._found(CODE, address)

    def links_to(self, address: str) -> list[str]:
        """The invitation links that were mailed to an address, the newest last."""
        return self._found(LINK, address)

    def _found(self, pattern: re.Pattern[str], address: str) -> list[str]:
        with self._lock:
            texts = [copy.text for copy in self._by_reader[address]]
        return [match for text in texts for match in pattern.findall(text)]
