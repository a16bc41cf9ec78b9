"""Which apps' models have tables in public, in each tenant's schema, or in both."""

from collections.abc import Iterable

from django.apps import apps
from django.apps.registry import Apps
from django.conf import settings
from django.db.models import Model

# The table in which a schema records its migrations. It belongs to no model.
MIGRATIONS = "django_migrations"


def tenant_labels() -> frozenset[str]:
    """Return the labels of the apps with tables in each tenant's schema."""
    return _labels(settings.TENANT_APPS)


def tenant_tables(registry: Apps = apps) -> frozenset[str]:
    """Return the tables that migrations make in each tenant's schema for these models."""
    own = tenant_labels()
    models = registry.get_models(include_auto_created=True)
    options = [model._meta for model in models]  # noqa: SLF001  # Documented by Django.
    made = (each for each in options if each.managed and not each.proxy)
    return frozenset(each.db_table for each in made if each.app_label in own)


def public_models() -> list[type[Model]]:
    """Return the models with tables in public; tenants' schemas may have them as well."""
    return _models(_labels(settings.SHARED_APPS))


def shared_models() -> list[type[Model]]:
    """Return the models with tables in public alone."""
    return _models(_labels(settings.SHARED_APPS) - tenant_labels())


def _labels(names: Iterable[str]) -> frozenset[str]:
    return frozenset(each.label for each in apps.get_app_configs() if each.name in names)


def _models(labels: frozenset[str]) -> list[type[Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in labels  # noqa: SLF001  # Documented by Django.
    ]
