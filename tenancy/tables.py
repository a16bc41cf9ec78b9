"""Which models have tables in public, in each tenant's schema, or in both.

The app decides, by standing in SHARED_APPS and TENANT_APPS; a model with a `SchemaNameField` has
its table in public alone.
"""

from collections.abc import Iterable

from django.apps import apps
from django.apps.registry import Apps
from django.conf import settings
from django.db.models import Model

from tenancy.fields import SchemaNameField

# The table in which a schema records its migrations. It belongs to no model.
MIGRATIONS = "django_migrations"


def tenant_labels() -> frozenset[str]:
    """Return the labels of the apps with tables in each tenant's schema."""
    return _labels(settings.TENANT_APPS)


def tenant_tables(registry: Apps = apps) -> frozenset[str]:
    """Return the tables that migrations make in each tenant's schema for these models."""
    options = [model._meta for model in tenant_models(registry)]  # noqa: SLF001  # Documented by Django.
    return frozenset(each.db_table for each in options if each.managed and not each.proxy)


def tenant_models(registry: Apps = apps) -> list[type[Model]]:
    """Return the models with tables in each tenant's schema; public has these tables as well."""
    models = _models(tenant_labels(), registry)
    return [model for model in models if not is_tenant_row(model)]


def public_models() -> list[type[Model]]:
    """Return the models with tables in public; tenants' schemas may have them as well."""
    return _models(_labels(settings.SHARED_APPS))


def shared_models() -> list[type[Model]]:
    """Return the models with tables in public alone."""
    elsewhere = set(tenant_models())
    return [model for model in public_models() if model not in elsewhere]


def tenant_rows() -> list[type[Model]]:
    """Return the models whose table in public holds rows of all tenants, each with its schema."""
    return [
        model
        for model in apps.get_models()
        if is_tenant_row(model) and not model._meta.proxy  # noqa: SLF001  # Documented by Django.
    ]


def is_tenant_row(model: type[Model]) -> bool:
    """Whether a model has a `SchemaNameField`, or the one whose many-to-many table it is."""
    options = model._meta  # noqa: SLF001  # Documented by Django.
    if made_by := options.auto_created:
        return is_tenant_row(made_by)  # type: ignore[arg-type]  # The stubs say `bool` too.
    return any(isinstance(field, SchemaNameField) for field in options.concrete_fields)


def _labels(names: Iterable[str]) -> frozenset[str]:
    return frozenset(each.label for each in apps.get_app_configs() if each.name in names)


def _models(labels: frozenset[str], registry: Apps = apps) -> list[type[Model]]:
    return [
        model
        for model in registry.get_models(include_auto_created=True)
        if model._meta.app_label in labels  # noqa: SLF001  # Documented by Django.
    ]
