"""The measured pages: a few rows by key, and a row of each table."""

from functools import cache

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, JsonResponse

from bench.notes.models import Note

KEYS = [1, 2, 3]


def few_rows(_request: HttpRequest) -> JsonResponse:
    """Read three rows by their keys, in one query."""
    notes: QuerySet[Note] = QuerySet(Note)
    rows = notes.filter(pk__in=KEYS).order_by("pk").values_list("pk", "text")
    return JsonResponse({"notes": list(rows)})


def every_table(_request: HttpRequest) -> JsonResponse:
    """Read a row of each of a tenant's tables: the most that a page can touch."""
    with transaction.atomic():
        rows = [list(QuerySet(model).values_list("pk")[:1]) for model in _tenants_models()]
    return JsonResponse({"tables": len(rows)})


@cache
def _tenants_models() -> list[type[Model]]:
    configs = (each for each in apps.get_app_configs() if each.name in settings.TENANT_APPS)
    return [model for each in configs for model in each.get_models(include_auto_created=True)]
