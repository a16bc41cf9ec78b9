"""Shared rows that name a schema: messages and the directory's entries."""

from collections.abc import Iterator
from functools import partial

from django.db.models import QuerySet
from django_tenants.utils import get_public_schema_name

from operations.doctor.findings import Finding
from operations.doctor.reading import unmatched
from operations.doctor.structure import owned_schemas
from tasks.models import Message
from tenancy.context import public_context
from tenants.models import DirectoryEntry

Rows = QuerySet[Message] | QuerySet[DirectoryEntry]


def messages_without_tenant() -> list[Finding]:
    return list(_without_tenant("messages", Message.objects.all()))


def entries_without_tenant() -> list[Finding]:
    return list(_without_tenant("entries of the directory", DirectoryEntry.objects.all()))


def _without_tenant(what: str, rows: "Rows") -> Iterator[Finding]:
    def named() -> set[str]:
        with public_context():
            return set(rows.order_by().values_list("schema_name", flat=True).distinct())

    unowned, _others = unmatched(named, owned_schemas)
    for name in sorted(unowned - {get_public_schema_name()}):
        of_name = rows.filter(schema_name=name)
        with public_context():
            count = of_name.count()
        sentence = f"{count} {what} name the schema {name}, which no tenant has."
        yield Finding(sentence, "delete them", partial(_delete, of_name))


def _delete(rows: "Rows") -> None:
    with public_context():
        rows.delete()
