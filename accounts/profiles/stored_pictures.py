"""A tenant's uploaded files, deleted along with the tenant."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.profiles.models import Profile
from accounts.profiles.pictures import prefix_of

# A file is written before its row is committed; no request takes longer than this.
IN_FLIGHT = timedelta(hours=1)


def discard_pictures(*, schema_name: str) -> int:
    """Delete the files below a schema's prefix, and return how many. Idempotent."""
    names = stored_pictures(schema_name=schema_name)
    storage = _storage()
    for name in names:
        storage.delete(name)
    # Only a disk has folders, a bucket has none. A folder that isn't empty stays.
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


def delete_stored(*, names: list[str]) -> None:
    """Delete files by their names. Idempotent."""
    for name in names:
        _storage().delete(name)


def settled(names: list[str]) -> list[str]:
    """Return the files that are too old to belong to an uncommitted upload."""
    before = timezone.now() - IN_FLIGHT
    return [name for name in names if _is_older(name, before)]


def schemas_with_pictures() -> set[str]:
    """Return the schemas that have files, whether the schemas exist or not."""
    try:
        folders, _files = _storage().listdir("")
    except FileNotFoundError:
        return set()
    return {name for name in folders if stored_pictures(schema_name=name)}


def _is_older(name: str, moment: datetime) -> bool:
    try:
        return bool(_storage().get_modified_time(name) < moment)
    except FileNotFoundError:  # Deleted meanwhile.
        return False


def _storage() -> Any:
    return Profile().picture.storage
