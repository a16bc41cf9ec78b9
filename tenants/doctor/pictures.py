"""Files: each picture is somebody's, and each folder a tenant's."""

from accounts.models import Profile
from accounts.services import (
    delete_stored,
    discard_pictures,
    schemas_with_pictures,
    settled,
    stored_pictures,
)
from tasks.workspace import current_schema
from tenants.doctor.findings import Finding
from tenants.doctor.reading import alone
from tenants.doctor.structure import owned_schemas
from tenants.schemas import PREFIX


def pictures_of_no_tenant() -> list[Finding]:
    """What a closing leaves behind whose process dies between its commit and the files."""
    stray, _others = alone(schemas_with_pictures, owned_schemas)
    return [_left_behind(name) for name in sorted(stray) if name.startswith(PREFIX)]


def pictures_of_nobody(where: str) -> list[Finding]:
    """Files that no profile names. Called in the context of a schema.

    A file is written before its row is committed, and deleted after: a young one is in flight.
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
