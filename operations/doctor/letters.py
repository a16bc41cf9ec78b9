"""Shared rows that name a schema: messages and the directory's entries."""

from django.db.models import QuerySet
from django_tenants.utils import get_public_schema_name

from operations.doctor.findings import Finding
from operations.doctor.reading import alone
from operations.doctor.structure import owned_schemas
from tasks.models import Message
from tenancy.context import public_context
from tenants.models import DirectoryEntry

Rows = QuerySet[Message] | QuerySet[DirectoryEntry]


def letters_of_no_tenant() -> list[Finding]:
    letters = Message.objects.all()
    return [_of_nobody("letters", letters, name) for name in _named_in_vain(letters)]


def entries_of_no_tenant() -> list[Finding]:
    entries = DirectoryEntry.objects.all()
    what = "entries of the directory"
    return [_of_nobody(what, entries, name) for name in _named_in_vain(entries)]


def _of_nobody(what: str, rows: "Rows", name: str) -> Finding:
    named = rows.filter(schema_name=name)
    with public_context():
        count = named.count()
    return Finding(
        f"{count} {what} name the schema {name}, which no tenant has.",
        "delete them",
        lambda: _delete(named),
    )


def _named_in_vain(rows: "Rows") -> list[str]:
    def named() -> set[str]:
        with public_context():
            return set(rows.order_by().values_list("schema_name", flat=True).distinct())

    vain, _others = alone(named, owned_schemas)
    return sorted(vain - {get_public_schema_name()})


def _delete(rows: "Rows") -> None:
    with public_context():
        rows.delete()
