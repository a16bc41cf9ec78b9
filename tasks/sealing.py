"""What is kept encrypted: sealed with the newest of `PAYLOAD_KEYS`, opened with whichever fits.

Each seal names the place that it belongs to, so that bytes which are copied elsewhere, into
another tenant's row or another person's, open nothing there.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from tasks.errors import SealBrokenError

# Stands between the place and what is sealed. No schema's name and no key holds one.
END_OF_PLACE = "\n"


def seal(content: bytes, *, place: str) -> bytes:
    """Encrypt a content with the newest key, bound to its place."""
    return _fernet().encrypt(_opening(place) + content)


def unseal(sealed: bytes, *, place: str) -> bytes:
    """Decrypt what was sealed for this place.

    Raises `SealBrokenError` for what no key opens, and for what was sealed for elsewhere.
    """
    keys, opening = _fernet(), _opening(place)
    try:
        content = keys.decrypt(sealed)
    except InvalidToken:
        raise SealBrokenError("No key opens it.") from None
    if not content.startswith(opening):
        raise SealBrokenError("It was sealed for another place.")
    return content.removeprefix(opening)


def reseal(sealed: bytes) -> bytes:
    """Seal with the newest key what an older one sealed, for the same place.

    Returns what it was given when that is the newest key's already. Raises
    `SealBrokenError` for what no key opens.
    """
    try:
        if is_newest(sealed):
            return sealed
        return _fernet().rotate(sealed)
    except InvalidToken:
        raise SealBrokenError("No key opens it.") from None


def is_newest(sealed: bytes) -> bool:
    """Whether the newest key opens it."""
    try:
        Fernet(settings.PAYLOAD_KEYS[0]).decrypt(sealed)
    except InvalidToken:
        return False
    return True


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.PAYLOAD_KEYS])


def _opening(place: str) -> bytes:
    if END_OF_PLACE in place:
        raise ValueError("A place has no line break.")
    return f"{place}{END_OF_PLACE}".encode()
