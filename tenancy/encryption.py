"""Encryption at rest: with the newest of `PAYLOAD_KEYS`; decryption with any of them; keyed hashes.

Each ciphertext is bound to its context, so that bytes copied to another tenant's row or to another
person's decrypt nothing there.
"""

import hashlib
import hmac
from contextlib import suppress

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from tenancy.errors import DecryptionError

# Separates the context from the content. No schema name and no key contains one.
END_OF_CONTEXT = "\n"


def keyed_hash(text: str, *, key: str) -> str:
    """Return the keyed hash of a text (HMAC-SHA-256, RFC 2104), for values that aren't stored."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def encrypt(content: bytes, *, context: str) -> bytes:
    """Encrypt `content` with the newest key, bound to its context."""
    return _fernet().encrypt(_opening(context) + content)


def decrypt(encrypted: bytes, *, context: str) -> bytes:
    """Decrypt what was encrypted for this context.

    Raises `DecryptionError` when no key decrypts it, and when it was encrypted for another context.
    """
    keys, opening = _fernet(), _opening(context)
    try:
        content = keys.decrypt(encrypted)
    except InvalidToken:
        raise DecryptionError("No key opens it.") from None
    if not content.startswith(opening):
        raise DecryptionError("It was encrypted for another context.")
    return content.removeprefix(opening)


def reencrypt(encrypted: bytes) -> bytes:
    """Encrypt with the newest key what an older key encrypted, for the same context.

    Returns its argument unchanged if the newest key encrypted it. Raises `DecryptionError` when no
    key decrypts it.
    """
    with suppress(InvalidToken):
        Fernet(settings.PAYLOAD_KEYS[0]).decrypt(encrypted)
        return encrypted
    try:
        return _fernet().rotate(encrypted)
    except InvalidToken:
        raise DecryptionError("No key opens it.") from None


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.PAYLOAD_KEYS])


def _opening(context: str) -> bytes:
    if END_OF_CONTEXT in context:
        raise ValueError("A context has no line break.")
    return f"{context}{END_OF_CONTEXT}".encode()
