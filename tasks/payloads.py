"""Encrypted payloads: what an e-mail needs and no row may show (codes, links, addresses)."""

import json
from typing import Any, Protocol

from tasks.errors import PayloadGoneError
from tenancy import encryption
from tenancy.errors import DecryptionError


class Encrypted(Protocol):
    """The fields of a message that its payload's encryption needs."""

    schema_name: str
    key: str
    payload: bytes | memoryview | None


def encrypt(payload: dict[str, Any], *, schema_name: str, key: str) -> bytes:
    """Encrypt a JSON-able payload, bound to its message's schema and idempotency key."""
    context = _encryption_context(schema_name, key)
    return encryption.encrypt(json.dumps(payload).encode(), context=context)


def decrypt(message: Encrypted) -> dict[str, Any]:
    """Decrypt a message's payload with the key that fits. Raises `PayloadGoneError`."""
    if not message.payload:
        raise PayloadGoneError("The payload was erased.")
    context = _encryption_context(message.schema_name, message.key)
    try:
        content = encryption.decrypt(bytes(message.payload), context=context)
    except DecryptionError as error:
        raise PayloadGoneError(str(error)) from None
    payload: dict[str, Any] = json.loads(content)
    return payload


def _encryption_context(schema_name: str, key: str) -> str:
    return f"message {schema_name} {key}"
