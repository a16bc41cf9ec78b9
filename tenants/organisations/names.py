"""Rules for subdomains: form, reserved names, suggestions."""

import re
from functools import cache
from itertools import count, islice
from pathlib import Path

from django.conf import settings
from slugify import slugify

from tenants.organisations.errors import NameInvalidError, NameReservedError

MIN_LENGTH, MAX_LENGTH = 3, 40
# RFC 1123, section 2.1: letters, digits, hyphens, none of these at an end. Two hyphens in a
# row are refused: at positions 3 and 4 they would mark punycode (RFC 5891, 4.2.3.1).
_LABEL = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LOOK_ALIKES = str.maketrans("01i5", "olls")


def parse(name: str) -> str:
    """Return the subdomain that a visitor typed, trimmed and in lower case.

    Raises `NameInvalidError` and `NameReservedError`. Only ASCII is allowed, so there are
    no confusables but those of ASCII itself.
    """
    slug = name.strip().lower() if name.isascii() else name
    if not MIN_LENGTH <= len(slug) <= MAX_LENGTH or not _LABEL.fullmatch(slug):
        raise NameInvalidError
    if slug.isdigit():
        raise NameInvalidError
    if fold(slug) in reserved():
        raise NameReservedError
    return slug


def fold(slug: str) -> str:
    """Return a name without hyphens, with look-alike characters made equal."""
    return slug.replace("-", "").translate(_LOOK_ALIKES)


@cache
def reserved() -> frozenset[str]:
    """Return the folded names of `reserved_names.txt`."""
    lines = Path(__file__).with_name("reserved_names.txt").read_text().splitlines()
    return frozenset(fold(line) for line in lines if line and not line.startswith("#"))


def suggest(organization: str) -> str:
    """Return a subdomain for an organisation's name in any script; empty when none fits."""
    slug = stem(organization)
    for candidate in (slug, f"{slug}-team"):
        try:
            return parse(candidate)
        except (NameInvalidError, NameReservedError):
            continue
    return ""


def stem(text: str) -> str:
    """Return a text as the start of a subdomain; it may still be reserved or too short."""
    return slugify(text, max_length=MAX_LENGTH, word_boundary=True)


def alternatives(slug: str, how_many: int) -> list[str]:
    """Return names close to a taken one. They may be taken as well."""
    short = slug[: MAX_LENGTH - 5].rstrip("-")
    words = (f"{short}-{word}" for word in ("team", "hq", "work"))
    numbered = (f"{short}-{number}" for number in count(2))
    return [*words, *islice(numbered, how_many)]


def sign_up_url(*, host: str) -> str:
    """Return the sign-up page for an unknown host's name; empty for a name that is refused."""
    slug = host.removesuffix(f".{settings.BASE_DOMAIN}")
    try:
        is_name = slug != host and parse(slug) == slug
    except (NameInvalidError, NameReservedError):
        is_name = False
    return f"{settings.BASE_ORIGIN}/signup/?subdomain={slug}" if is_name else ""
