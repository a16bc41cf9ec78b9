"""Picture files: each belongs to a profile, and each folder to a tenant."""

from accounts.models import Profile
from accounts.profiles.stored_pictures import (
    delete_stored,
    discard_pictures,
    schemas_with_pictures,
    settled,
    stored_pictures,
)
from operations.doctor.findings import Finding
from operations.doctor.reading import alone
from operations.doctor.structure import owned_schemas
from tenancy.context import current_schema
from tenancy.schemas import PREFIX


def pictures_of_no_tenant() -> list[Finding]:
    """Folders of a deleted tenant: its process ended between the commit and the files' removal."""
    stray, _others = alone(schemas_with_pictures, owned_schemas)
    return [_left_behind(name) for name in sorted(stray) if name.startswith(PREFIX)]


def pictures_of_nobody(where: str) -> list[Finding]:
    """Files that no profile names. Called in the context of a schema.

    A file is written before its row's commit and deleted after it: a recent one is in flight.
    """
    schema_name = current_schema()
    files, _rows = alone(lambda: set(stored_pictures(schema_name=schema_name)), _named)
    stray = settled(sorted(files))
    if not stray:
        return []
    return [
        Finding(
            f"{where}: {len(stray)} pictures belong to no profile, such as {stray[0]}.",
            "delete them",
            lambda: delete_stored(names=stray),
        )
    ]


def _left_behind(name: str) -> Finding:
    count = len(stored_pictures(schema_name=name))
    return Finding(
        f"{count} pictures lie below {name}, which is no tenant's schema.",
        "delete them",
        lambda: discard_pictures(schema_name=name),
    )


def _named() -> set[str]:
    return set(Profile.objects.exclude(picture="").values_list("picture", flat=True))
