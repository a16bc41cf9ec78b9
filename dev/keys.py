"""The secrets of this checkout, made once and readable by their owner only."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from dev.errors import StackError


@dataclass(frozen=True)
class Keys:
    secret_key: str
    payload_keys: str
    directory_key: str
    administrator_password: str
    service_password: str
    valkey_password: str
    operator_password: str


def fresh() -> Keys:
    return Keys(
        secret_key=secrets.token_urlsafe(48),
        payload_keys=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        directory_key=secrets.token_hex(32),
        administrator_password=secrets.token_urlsafe(24),
        service_password=secrets.token_urlsafe(24),
        valkey_password=secrets.token_urlsafe(24),
        operator_password=secrets.token_urlsafe(12),
    )


def kept(path: Path) -> Keys:
    """The keys in the file, which is made when it is missing."""
    if not path.exists():
        return _keep(path, fresh())
    try:
        stored = json.loads(path.read_text())
        return Keys(**{field.name: stored[field.name] for field in fields(Keys)})
    except (ValueError, KeyError, TypeError) as error:
        raise StackError(
            f"{path} can't be read ({error}). "
            "`make reset` makes a new one, and a new database with it."
        ) from error


def _keep(path: Path, keys: Keys) -> Keys:
    write_private(path, json.dumps(asdict(keys), indent=2) + "\n")
    return keys


def write_private(path: Path, text: str) -> None:
    """Only the owner may read it, from its first byte on, and no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh_path = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(fresh_path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    fresh_path.replace(path)
