"""Encryption at rest: with the newest of `PAYLOAD_KEYS`; decryption with any of them; keyed hashes.

Each ciphertext is bound to its place, so that bytes copied to another tenant's row or to another
person's decrypt nothing there.
"""

import hashlib
import hmac
from contextlib import suppress

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from tenancy.errors import DecryptionError

# Separates the place from the content. No schema name and no key contains one.
END_OF_PLACE = "\n"


def keyed_hash(text: str, *, key: str) -> str:
    """Return the keyed hash of a text (HMAC-SHA-256, RFC 2104), for values that aren't stored."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def seal(content: bytes, *, place: str) -> bytes:
    """Encrypt `content` with the newest key, bound to its place."""
    return _fernet().encrypt(_opening(place) + content)


def unseal(sealed: bytes, *, place: str) -> bytes:
    """Decrypt what was encrypted for this place.

    Raises `DecryptionError` when no key decrypts it, and when it was encrypted for another place.
    """
    keys, opening = _fernet(), _opening(place)
    try:
        content = keys.decrypt(sealed)
    except InvalidToken:
        raise DecryptionError("No key opens it.") from None
    if not content.startswith(opening):
        raise DecryptionError("It was sealed for another place.")
    return content.removeprefix(opening)


def reseal(sealed: bytes) -> bytes:
    """Encrypt with the newest key what an older key encrypted, for the same place.

    Returns its argument unchanged if the newest key encrypted it. Raises `DecryptionError` when no
    key decrypts it.
    """
    with suppress(InvalidToken):
        Fernet(settings.PAYLOAD_KEYS[0]).decrypt(sealed)
        return sealed
    try:
        return _fernet().rotate(sealed)
    except InvalidToken:
        raise DecryptionError("No key opens it.") from None


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.PAYLOAD_KEYS])


def _opening(place: str) -> bytes:
    if END_OF_PLACE in place:
        raise ValueError("A place has no line break.")
    return f"{place}{END_OF_PLACE}".encode()
