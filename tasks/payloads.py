"""Payloads at rest: what a letter needs and no row may show (codes, links, addresses)."""

import json
from typing import Any, Protocol

from tasks import sealing
from tasks.errors import PayloadGoneError, SealBrokenError


class Sealed(Protocol):
    """What a message is, as far as its payload is concerned."""

    schema_name: str
    key: str
    payload: bytes | memoryview | None


def seal(payload: dict[str, Any], *, schema_name: str, key: str) -> bytes:
    """Encrypt a JSON-able payload for one message, by its schema and idempotency key."""
    return sealing.seal(json.dumps(payload).encode(), place=_place(schema_name, key))


def unseal(message: Sealed) -> dict[str, Any]:
    """Decrypt the payload of a message with whichever key fits. Raises `PayloadGoneError`."""
    if not message.payload:
        raise PayloadGoneError("The payload was erased.")
    place = _place(message.schema_name, message.key)
    try:
        content = sealing.unseal(bytes(message.payload), place=place)
    except SealBrokenError as error:
        raise PayloadGoneError(str(error)) from None
    payload: dict[str, Any] = json.loads(content)
    return payload


def _place(schema_name: str, key: str) -> str:
    return f"message {schema_name} {key}"
