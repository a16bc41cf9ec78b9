"""Seeing canaries: whose they are, wherever they stand and however they are wrapped."""

import base64
import binascii
import re
import uuid
import zlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote


@dataclass(frozen=True)
class Mark:
    """One class of canaries: a party's own schema's, or its rows' in the shared tables."""

    name: str
    party: str
    letter: str
    digits: str
    schema: str = ""

    def within(self, schema: str) -> "Mark":
        return replace(self, schema=schema)

    def word(self, number: object) -> str:
        return f"zq{self.letter}canary{number}"

    def uuid(self, number: int) -> uuid.UUID:
        return uuid.UUID(f"{self.digits}-0000-4000-8000-{number:012x}")

    @property
    def number(self) -> int:
        return 1_900_000_000 + 10_000_000 * "abpcgq".index(self.letter)

    @property
    def phone(self) -> str:
        return f"+1201555{'abpcgq'.index(self.letter) + 1:02d}42"

    @property
    def ip(self) -> str:
        return f"203.0.113.{'abpcgq'.index(self.letter) + 101}"

    def is_in(self, text: str) -> bool:
        return any(found.mark == self.name for found in canaries_in(text))


MARKS = {
    mark.name: mark
    for mark in (
        Mark("acme", "acme", "a", "a11ce0de"),
        Mark("globex", "globex", "b", "b0bbe0de"),
        Mark("public", "public", "p", "0be7a70e"),
        Mark("acme-shared", "acme", "c", "a11ce5ad"),
        Mark("globex-shared", "globex", "g", "b0bbe5ad"),
        Mark("public-shared", "public", "q", "0be7a5ad"),
    )
}
_LETTERS = {mark.letter: mark.name for mark in MARKS.values()}
_DIGITS = {mark.digits: mark.name for mark in MARKS.values()}
_NUMBERS = {str(mark.number)[:3]: mark.name for mark in MARKS.values()}
_LAST = {mark.phone[-4:]: mark.name for mark in MARKS.values()}
_IPS = {mark.ip: mark.name for mark in MARKS.values()}
_KNOWN = (
    ("text", re.compile(r"zq([abpcgq])canary", re.IGNORECASE), _LETTERS),
    ("id", re.compile("(" + "|".join(_DIGITS) + ")", re.IGNORECASE), _DIGITS),
    ("id", re.compile(r"\b(19[0-5])000\d{4}\b"), _NUMBERS),
    ("text", re.compile(r"201.{0,2}555.?(0[1-6]42)\b"), _LAST),
    ("text", re.compile(r"\b(203\.0\.113\.10[1-6])\b"), _IPS),
)
_WORD = re.compile(r"[A-Za-z0-9_-]{12,}")
_WRAPPED = re.compile(r"(?:\\x[0-9a-f]{16,}|[A-Za-z0-9_=+-]{24,})")
_DEEP = 3


class Canary(NamedTuple):
    """One that was seen: its kind (text or id), whose it is, and as what."""

    kind: str
    mark: str
    word: str


@dataclass
class Learned:
    """What belongs to one party as well, though nobody chose it: keys, tokens, sessions."""

    words: dict[str, str] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)

    def add(self, word: str, mark: str) -> None:
        """Remember whose a word is, until it turns out to be several parties'."""
        for form in {word, word.replace("-", "")}:
            if len(form) < 12 or form in self.forgotten:
                continue
            if self.words.setdefault(form, mark) != mark:
                self.forgotten.add(form)
                del self.words[form]

    def see(self, text: str | bytes) -> set[Canary]:
        """Return every canary in a text, whatever it is wrapped in."""
        text = text.decode("latin-1") if isinstance(text, bytes) else text
        words = {Canary("id", self.words[w], w) for w in _words(text) if w in self.words}
        return words | canaries_in(text)


@lru_cache(maxsize=20_000)
def canaries_in(text: str, depth: int = 0) -> frozenset[Canary]:
    """Return the canaries that say by themselves whose they are."""
    found = {
        Canary(kind, whose[match[1].lower()], match[0])
        for kind, pattern, whose in _KNOWN
        for match in pattern.finditer(text)
    }
    if depth < _DEEP:
        for inner in _unwrapped(text):
            found |= canaries_in(inner, depth + 1)
    return frozenset(found)


@lru_cache(maxsize=20_000)
def _words(text: str, depth: int = 0) -> frozenset[str]:
    found = set(_WORD.findall(text))
    if depth < _DEEP:
        for inner in _unwrapped(text):
            found |= _words(inner, depth + 1)
    return frozenset(found)


def _unwrapped(text: str) -> set[str]:
    """Return what hides in percent signs, hexadecimal, Base64 or compression.

    What is sealed is seen when it is sent: its letter is looked at like any other.
    """
    inner = {unquote(text)} - {text} if "%" in text else set()
    for word in _WRAPPED.findall(text):
        inner |= _opened(word)
    return inner


@lru_cache(maxsize=20_000)
def _opened(word: str) -> frozenset[str]:
    if word.startswith("\\x"):
        raw = bytes.fromhex(word[2 : 2 + len(word[2:]) // 2 * 2])
        return frozenset({raw.decode("latin-1")})
    try:
        padding = "=" * (-len(word.rstrip("=")) % 4)
        raw = base64.urlsafe_b64decode(word.rstrip("=") + padding)
    except (binascii.Error, ValueError):
        return frozenset()
    if raw[:1] == b"x":
        try:
            raw = zlib.decompress(raw)
        except zlib.error:
            return frozenset()
    return frozenset({raw.decode("latin-1")})
