"""Rows in tables of all tenants that name a schema which no tenant has."""

from collections.abc import Iterator
from functools import partial

from django.db.models import Model, QuerySet
from django_tenants.utils import get_public_schema_name

from operations.doctor.findings import Finding
from operations.doctor.reading import unmatched
from operations.doctor.structure import owned_schemas
from tenancy.context import database_role, public_context
from tenancy.roles import MIGRATOR
from tenancy.tables import tenant_rows


def rows_without_tenant() -> list[Finding]:
    return [finding for model in tenant_rows() for finding in _without_tenant(model)]


def _without_tenant(model: type[Model]) -> Iterator[Finding]:
    # As the owner, and by no manager of the model: policies and managers may leave rows out.
    rows: QuerySet[Model] = QuerySet(model).order_by()

    def named() -> set[str]:
        with database_role(MIGRATOR), public_context():
            return set(rows.values_list("schema_name", flat=True).distinct())

    unowned, _others = unmatched(named, owned_schemas)
    for name in sorted(unowned - {get_public_schema_name()}):
        of_name = rows.filter(schema_name=name)
        with database_role(MIGRATOR), public_context():
            count = of_name.count()
        sentence = (
            f"{count} rows of {model._meta.label} name the schema {name}, which no tenant has."  # noqa: SLF001
        )
        yield Finding(sentence, "delete them", partial(_delete, of_name))


def _delete(rows: "QuerySet[Model]") -> None:
    with database_role(MIGRATOR), public_context():
        rows.delete()
