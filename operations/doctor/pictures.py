"""Picture files: each belongs to a profile, and each folder to a tenant."""

from functools import partial

from accounts.models import Profile
from accounts.profiles.stored_pictures import (
    delete_stored,
    discard_pictures,
    schemas_with_pictures,
    settled,
    stored_pictures,
)
from operations.doctor.findings import Finding
from operations.doctor.reading import unmatched
from operations.doctor.structure import owned_schemas
from tenancy.context import current_schema
from tenancy.schemas import PREFIX


def pictures_without_tenant() -> list[Finding]:
    """Folders of a deleted tenant: its process ended between the commit and the files' removal."""
    unowned, _others = unmatched(schemas_with_pictures, owned_schemas)
    return [
        Finding(
            f"{len(stored_pictures(schema_name=name))} pictures are stored for {name}, which is no "
            "tenant's schema.",
            "delete them",
            partial(discard_pictures, schema_name=name),
        )
        for name in sorted(unowned)
        if name.startswith(PREFIX)
    ]


def pictures_without_profile(where: str) -> list[Finding]:
    """Files that no profile names. Called in the context of a schema.

    A file is written before its row's commit and deleted after it: a recent one is in flight.
    """
    schema_name = current_schema()
    files, _rows = unmatched(
        lambda: set(stored_pictures(schema_name=schema_name)),
        lambda: set(Profile.objects.exclude(picture="").values_list("picture", flat=True)),
    )
    unnamed = settled(sorted(files))
    if not unnamed:
        return []
    sentence = f"{where}: {len(unnamed)} pictures belong to no profile, such as {unnamed[0]}."
    return [Finding(sentence, "delete them", partial(delete_stored, names=unnamed))]
