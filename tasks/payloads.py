"""Payloads at rest: what a letter needs and no row may show (codes, links, addresses)."""

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from tasks.errors import PayloadGoneError


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.PAYLOAD_KEYS])


def seal(payload: dict[str, Any]) -> bytes:
    """Encrypt a JSON-able payload with the newest key."""
    return _fernet().encrypt(json.dumps(payload).encode())


def unseal(sealed: bytes | memoryview | None) -> dict[str, Any]:
    """Decrypt a payload with whichever key fits. Raises `PayloadGoneError`."""
    if not sealed:
        raise PayloadGoneError("The payload was erased.")
    try:
        payload: dict[str, Any] = json.loads(_fernet().decrypt(bytes(sealed)))
    except InvalidToken:
        raise PayloadGoneError("No key opens the payload.") from None
    return payload
