"""What a tenant has uploaded, as files: deleted along with it."""

from contextlib import suppress
from typing import Any

from accounts.models import Profile
from accounts.pictures import prefix_of


def discard_pictures(*, schema_name: str) -> int:
    """Delete the files below a schema's prefix, and say how many. May be run twice."""
    names = stored_pictures(schema_name=schema_name)
    storage = _storage()
    for name in names:
        storage.delete(name)
    # Folders are a disk's: a bucket has none. One that isn't empty stays.
    for folder in (prefix_of(schema_name), schema_name):
        with suppress(OSError):
            storage.delete(folder.rstrip("/"))
    return len(names)


def stored_pictures(*, schema_name: str) -> list[str]:
    """Return the names of the files below a schema's prefix."""
    prefix = prefix_of(schema_name)
    try:
        _folders, files = _storage().listdir(prefix)
    except FileNotFoundError:
        return []
    return [f"{prefix}{file}" for file in sorted(files)]


def _storage() -> Any:
    return Profile().picture.storage
