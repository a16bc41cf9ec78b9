"""The stored files of tenants, whichever model they belong to."""

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.files.storage import Storage
from django.db.models import Model, QuerySet
from django.utils import timezone

from tenancy.context import current_schema, database_role
from tenancy.files import file_fields
from tenancy.roles import MIGRATOR
from tenancy.tables import is_tenant_row

# A file is written before its row is committed; no request takes longer than this.
IN_FLIGHT = timedelta(hours=1)


class StoredFile(NamedTuple):
    """A file, by the storage that holds it."""

    storage: Storage
    name: str


def storages() -> list[Storage]:
    """Return the storages of all file fields, each once."""
    found: list[Storage] = []
    for _model, field in file_fields():
        if field.storage not in found:
            found.append(field.storage)
    return found


def stored_files(*, schema_name: str) -> list[StoredFile]:
    """Return the files below a schema's name, in every storage."""
    return [
        StoredFile(storage, name)
        for storage in storages()
        for name in sorted(_below(storage, schema_name))
    ]


def schemas_with_files() -> set[str]:
    """Return the schemas that have files, whether the schemas exist or not."""
    folders = {name for storage in storages() for name in _listed(storage, "")[0]}
    return {name for name in folders if stored_files(schema_name=name)}


def discard_files(*, schema_name: str) -> int:
    """Delete all below a schema's name, and return how many files. Idempotent."""
    found = stored_files(schema_name=schema_name)
    delete_files(found)
    for storage in storages():
        _delete_folders(storage, schema_name)
    return len(found)


def delete_files(files: list[StoredFile]) -> None:
    """Delete files. Idempotent."""
    for file in files:
        file.storage.delete(file.name)


def settled(files: list[StoredFile]) -> list[StoredFile]:
    """Return the files that are too old to belong to an uncommitted row."""
    before = timezone.now() - IN_FLIGHT
    return [file for file in files if _is_older(file, before)]


def named_files() -> set[StoredFile]:
    """Return the files that rows of the context's schema name."""
    return set(_named())


def _named() -> Iterator[StoredFile]:
    for model, field in file_fields():
        # No manager, and no policy of the role: either may leave rows out.
        rows: QuerySet[Model] = QuerySet(model).exclude(**{field.name: ""})
        if is_tenant_row(model):
            rows = rows.filter(schema_name=current_schema())
        with database_role(MIGRATOR) if is_tenant_row(model) else nullcontext():
            names = list(rows.values_list(field.name, flat=True))
        yield from (StoredFile(field.storage, name) for name in names)


def _below(storage: Storage, folder: str) -> Iterator[str]:
    folders, files = _listed(storage, folder)
    yield from (f"{folder}/{file}" for file in files)
    for each in folders:
        yield from _below(storage, f"{folder}/{each}")


def _delete_folders(storage: Storage, folder: str) -> None:
    """Delete empty folders. Only a disk has folders; one that isn't empty stays."""
    for each in _listed(storage, folder)[0]:
        _delete_folders(storage, f"{folder}/{each}")
    with suppress(OSError):
        storage.delete(folder)


def _listed(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    try:
        return storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _is_older(file: StoredFile, moment: datetime) -> bool:
    try:
        return file.storage.get_modified_time(file.name) < moment
    except FileNotFoundError:  # Deleted meanwhile.
        return False
