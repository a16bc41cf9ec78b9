"""The page that is asked for again and again: a few rows by key, as JSON."""

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse

from bench.notes.models import Note

KEYS = [1, 2, 3]


def few_rows(_request: HttpRequest) -> JsonResponse:
    """Read three rows by their keys, in one query."""
    notes: QuerySet[Note] = QuerySet(Note)
    rows = notes.filter(pk__in=KEYS).order_by("pk").values_list("pk", "text")
    return JsonResponse({"notes": list(rows)})
