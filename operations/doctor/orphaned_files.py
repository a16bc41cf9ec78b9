"""Stored files: each belongs to a row, and each folder to a tenant."""

from functools import partial

from operations.doctor.findings import Finding
from operations.doctor.reading import unmatched
from operations.doctor.structure import owned_schemas, unknown_migrations
from tenancy.context import current_schema
from tenancy.schemas import PREFIX
from tenancy.stored_files import (
    delete_files,
    discard_files,
    named_files,
    schemas_with_files,
    settled,
    stored_files,
)


def files_without_tenant() -> list[Finding]:
    """Folders of a deleted tenant: its process ended between the commit and the files' removal."""
    unowned, _others = unmatched(schemas_with_files, owned_schemas)
    return [
        Finding(
            f"{len(stored_files(schema_name=name))} files are stored for {name}, which is no "
            "tenant's schema.",
            "delete them",
            partial(discard_files, schema_name=name),
        )
        for name in sorted(unowned)
        if name.startswith(PREFIX)
    ]


def files_without_row(where: str) -> list[Finding]:
    """Files that no row names. Called in the context of a schema.

    A file is written before its row's commit and deleted after it: a recent one is in flight.
    """
    schema_name = current_schema()
    files, _rows = unmatched(lambda: set(stored_files(schema_name=schema_name)), named_files)
    unnamed = settled(sorted(files, key=lambda file: file.name))
    if not unnamed:
        return []
    sentence = f"{where}: {len(unnamed)} files belong to no row, such as {unnamed[0].name}."
    if unknown := unknown_migrations():
        name = ".".join(min(unknown))
        advice = f"run the doctor of the newest release: this one lacks the migration {name}"
        return [Finding(sentence, advice)]
    return [Finding(sentence, "delete them", partial(delete_files, unnamed))]
