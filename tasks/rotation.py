"""Rotating keys: rows are read in batches, and sealed anew with the newest key."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tasks import sealing
from tasks.errors import SealBrokenError

BATCH = 200


def reseal(rows: QuerySet[Any], column: str) -> Counter[str]:
    """Seal a column anew with the newest key. Count what is `renewed`, `kept`, `broken`.

    May be run twice, and beside everything else: a row that changes meanwhile keeps the
    change. What no key opens is left as it is.
    """
    outcome: Counter[str] = Counter()
    for batch in in_batches(rows.only(column)):
        with transaction.atomic():
            outcome.update(_reseal(row, column) for row in batch)
    return outcome


def in_batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Yield rows in the order of their keys, some at a time."""
    ordered = rows.order_by("pk")
    batch = list(ordered[:BATCH])
    while batch:
        yield batch
        batch = list(ordered.filter(pk__gt=batch[-1].pk)[:BATCH])


def _reseal(row: Any, column: str) -> str:
    """Renew one row, unless somebody writes it in between: they seal with the newest key."""
    before = getattr(row, column)
    try:
        after = sealing.reseal(before.encode() if isinstance(before, str) else bytes(before))
    except SealBrokenError:
        return "broken"
    value = after.decode() if isinstance(before, str) else after
    if value == before:
        return "kept"
    unchanged = type(row).objects.filter(pk=row.pk, **{column: before})
    return "renewed" if unchanged.update(**{column: value}) else "kept"
