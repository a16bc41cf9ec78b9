"""The part of Mailpit's search language that scripts and people use here."""

import re
from collections.abc import Callable

from dev.mailcatcher.letter import Letter

TERM = re.compile(r'(?:[^\s"]|"[^"]*")+')


def found(letters: list[Letter], query: str) -> list[Letter]:
    """The messages that match every term: `to:`, `from:`, `subject:` and the like, or plain text.

    A phrase stands in quotation marks; `-` or `!` in front of a term excludes.
    """
    terms = [term.replace('"', "") for term in TERM.findall(query.lower())]
    return [letter for letter in letters if all(_matches(letter, term) for term in terms)]


def _matches(letter: Letter, term: str) -> bool:
    if len(term) > 1 and term[0] in "-!":
        return not _matches(letter, term[1:])
    field, colon, wanted = term.partition(":")
    reader = FIELDS.get(field) if colon else None
    return wanted in reader(letter) if reader else term in _everything(letter)


def _addresses(*headers: str) -> Callable[[Letter], str]:
    def read(letter: Letter) -> str:
        found = [address for header in headers for address in letter.addresses(header)]
        return "\n".join(f"{each.name} {each.address}" for each in found).lower()

    return read


def _blind_copies(letter: Letter) -> str:
    return "\n".join(address.address for address in letter.blind_copies).lower()


def _everything(letter: Letter) -> str:
    people = _addresses("From", "To", "Cc", "Reply-To")(letter)
    return f"{people}\n{letter.subject}\n{letter.text}\n{letter.snippet}".lower()


FIELDS: dict[str, Callable[[Letter], str]] = {
    "to": _addresses("To"),
    "from": _addresses("From"),
    "cc": _addresses("Cc"),
    "bcc": _blind_copies,
    "reply-to": _addresses("Reply-To"),
    "addressed": _addresses("From", "To", "Cc", "Delivered-To", "Reply-To"),
    "subject": lambda letter: letter.subject.lower(),
    "message-id": lambda letter: letter.message_id.lower(),
}
