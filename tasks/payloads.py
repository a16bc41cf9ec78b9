"""Encrypted payloads: what an e-mail needs and no row may show (codes, links, addresses)."""

import json
from typing import Any, Protocol

from tasks.errors import PayloadGoneError
from tenancy import encryption
from tenancy.errors import DecryptionError


class Sealed(Protocol):
    """The fields of a message that its payload's encryption needs."""

    schema_name: str
    key: str
    payload: bytes | memoryview | None


def seal(payload: dict[str, Any], *, schema_name: str, key: str) -> bytes:
    """Encrypt a JSON-able payload, bound to its message's schema and idempotency key."""
    return encryption.seal(json.dumps(payload).encode(), place=_place(schema_name, key))


def unseal(message: Sealed) -> dict[str, Any]:
    """Decrypt a message's payload with the key that fits. Raises `PayloadGoneError`."""
    if not message.payload:
        raise PayloadGoneError("The payload was erased.")
    place = _place(message.schema_name, message.key)
    try:
        content = encryption.unseal(bytes(message.payload), place=place)
    except DecryptionError as error:
        raise PayloadGoneError(str(error)) from None
    payload: dict[str, Any] = json.loads(content)
    return payload


def _place(schema_name: str, key: str) -> str:
    return f"message {schema_name} {key}"
