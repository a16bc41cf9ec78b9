"""System checks of the database and of the shared tables' privileges."""

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import AutoField, FileField, Model, UniqueConstraint, UUIDField

from tenancy import privileges
from tenancy.context import public_context
from tenancy.files import TenantFileField
from tenancy.inspection import role_faults
from tenancy.models import TenantModel, TenantRow
from tenancy.rate_limits import LIMIT, declared_limits
from tenancy.registry import duplicates
from tenancy.roles import TENANT, all_roles
from tenancy.shared_tables import SharedTable
from tenancy.tables import is_tenant_row, shared_models, tenant_models, tenant_rows


@register(Tags.database)
def roles_are_apart(*, databases: Sequence[str] | None = None, **_: Any) -> list[Error]:
    """Report database roles that are missing or have too many privileges."""
    if DEFAULT_DB_ALIAS not in (databases or []):
        return []
    with public_context():
        faults = role_faults()
    hint = "Run: manage.py setup_roles"
    return [Error(fault, hint=hint, id="tenancy.E002") for fault in faults]


@register()
def shared_models_are_declared(**_: Any) -> list[Error]:
    """Report models in the shared tables that don't declare the privileges of each role."""
    return [
        Error(
            f"{model.__name__} stands in the shared tables and has no `shared_table`.",
            hint="Declare its privileges and rows: tenancy.shared_tables.SharedTable.",
            obj=model,
            id="tenancy.E003",
        )
        for model in shared_models()
        if model._meta.db_table not in privileges.shared_tables()  # noqa: SLF001  # Documented by Django.
    ]


@register()
def declared_roles_are_defined(**_: Any) -> list[Error]:
    """Report a `shared_table` that names a role which no app defines."""
    return [
        Error(
            f"The `shared_table` of {table} names the role {role!r}, which no app defines.",
            hint=f"Correct the name, one of {', '.join(all_roles())}, or define it in `roles.py`.",
            id="tenancy.E004",
        )
        for table, declared in privileges.shared_tables().items()
        for role in sorted({*declared.privileges, *declared.rows} - {*all_roles()})
    ]


@register()
def declarations_are_unique(**_: Any) -> list[Error]:
    """Report names that two declarations of one kind use."""
    return duplicates()


@register()
def limits_can_be_counted(**_: Any) -> list[Error]:
    """Report E011 for a declared limit with the name of ours, and E012 for an unreadable one."""
    found = []
    for each in declared_limits:
        if each.name in settings.LIMITS:
            text = f"The rate limit “{each.name}” has the name of one of the service's own."
            found.append(Error(text, hint="Use a name like “app.name”.", id="tenancy.E011"))
        if not LIMIT.fullmatch(each.limit):
            text = f"The rate limit “{each.name}” can't be read: {each.limit!r}."
            hint = "Write it like “20/hour” or “5/10 minute”."
            found.append(Error(text, hint=hint, id="tenancy.E012"))
    return found


@register(Tags.models)
def keys_stay_in_their_schema(**_: Any) -> list[Error]:
    """Report foreign keys from a tenant's table to one of public alone, or back."""
    own = set(tenant_models())
    return [
        Error(
            f"{model.__name__}.{field.name} refers to {field.related_model.__name__}: one of them "
            "has its table in each tenant's schema, the other in public alone.",
            hint="Store the other row's id in a plain field.",
            obj=model,
            id="tenancy.E006",
        )
        for model, field in _fields()
        if field.is_relation and (model in own) != (field.related_model in own)
    ]


@register(Tags.models)
def keys_lead_to_no_tenants_row(**_: Any) -> list[Error]:
    """Report relations of a model in the table of all tenants to another table of theirs.

    PostgreSQL checks keys, and deletes by them, past the row policies: a row could refer to another
    tenant's, and would be deleted with it. Inheritance from a concrete model is such a relation.
    """
    declared = privileges.shared_tables()
    return [
        Error(
            f"{model.__name__}.{field.name} refers to {field.related_model.__name__}, whose rows "
            "belong to tenants.",
            hint="Store the other row's id in a plain field, or base both on TenantModel.",
            obj=model,
            id="tenancy.E010",
        )
        for model in tenant_rows()
        for field in _relations(model)
        if field.many_to_many
        or is_tenant_row(field.related_model)
        or TENANT in _rows_of(declared, field.related_model)
    ]


@register(Tags.models)
def unique_values_are_a_tenants_own(**_: Any) -> list[Error]:
    """Report unique values of a table of all tenants: one tenant would learn of another's."""
    return [
        Error(
            f"{model.__name__} has {', '.join(sorted(names))} unique across all tenants.",
            hint='Use UniqueConstraint(fields=["schema_name", …]).',
            obj=model,
            id="tenancy.E013",
        )
        for model in tenant_rows()
        for names in _unique_together(model)
        if "schema_name" not in names
    ]


def _relations(model: type[Model]) -> Iterator[Any]:
    options = model._meta  # noqa: SLF001  # Documented by Django.
    yield from (field for field in options.local_fields if field.is_relation)
    yield from options.local_many_to_many


def _rows_of(declared: Mapping[str, SharedTable], model: type[Model]) -> Container[str]:
    table = declared.get(model._meta.db_table)  # noqa: SLF001  # Documented by Django.
    return table.rows if table else ()


def _unique_together(model: type[Model]) -> Iterator[Collection[str]]:
    """Yield the fields of each unique index besides the key; random keys tell nothing."""
    options = model._meta  # noqa: SLF001  # Documented by Django.
    for field in options.local_fields:
        if field.unique and not (field.primary_key and isinstance(field, AutoField | UUIDField)):
            yield [field.name]
    yield from options.unique_together
    for constraint in options.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield constraint.fields or [str(each) for each in constraint.expressions]


@register(Tags.models)
def products_models_have_a_base(**_: Any) -> list[Error]:
    """Report models of a product that are neither a `TenantModel` nor a `TenantRow`."""
    apps_of_products = getattr(settings, "PRODUCT_APPS", [])
    return [
        Error(
            f"{model.__name__} is neither a TenantModel nor a TenantRow.",
            hint="Base it on one of them: tenancy.models says which rows each holds.",
            obj=model,
            id="tenancy.E007",
        )
        for app in apps.get_app_configs()
        if app.name in apps_of_products
        for model in app.get_models()
        if not issubclass(model, TenantModel | TenantRow)
    ]


@register(Tags.models)
def files_belong_to_tenants(**_: Any) -> list[Error]:
    """Report file fields whose files would not lie below their schema's name."""
    return [
        Error(
            f"{model.__name__}.{field.name} is no TenantFileField.",
            hint="Use tenancy.files.TenantFileField: its files are deleted with the tenant.",
            obj=model,
            id="tenancy.E008",
        )
        for model, field in _fields()
        if isinstance(field, FileField) and not isinstance(field, TenantFileField)
    ]


def _fields() -> Iterator[tuple[type[Model], Any]]:
    """Yield the fields of all models, besides Django's own: `accounts` unties their keys."""
    for app in apps.get_app_configs():
        if not app.name.startswith("django.contrib."):
            for model in app.get_models(include_auto_created=True):
                yield from ((model, field) for field in model._meta.local_fields)  # noqa: SLF001  # Documented by Django.


@register(Tags.database)
def database_is_utf8(*, databases: Sequence[str] | None = None, **_: Any) -> list[Error]:
    """Report databases that aren't UTF-8: `lower()` would not fold every letter of a name."""
    found = []
    for alias in databases or []:
        with connections[alias].temporary_connection() as cursor:
            encoding = cursor.connection.info.encoding
            server = cursor.connection.info.parameter_status("server_encoding")
        if server != "UTF8":
            found.append(
                Error(
                    f"The database {alias!r} is encoded in {server} (client: {encoding}).",
                    hint="Create it with --encoding=UTF8.",
                    id="tenancy.E001",
                )
            )
    return found
