"""Key rotation: rows are read in batches and encrypted with the newest key."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tenancy import encryption
from tenancy.errors import DecryptionError

BATCH = 200


def reencrypt(rows: QuerySet[Any], column: str) -> Counter[str]:
    """Encrypt a column with the newest key. Count rows as `renewed`, `kept` or `broken`.

    Idempotent, and safe beside other writers: a row that changes meanwhile keeps the change. A
    value that no key decrypts stays as it is.
    """
    outcome: Counter[str] = Counter()
    for batch in in_batches(rows.only(column)):
        with transaction.atomic():
            outcome.update(_reencrypt(row, column) for row in batch)
    return outcome


def in_batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Yield rows in the order of their primary keys, `BATCH` at a time."""
    ordered = rows.order_by("pk")
    batch = list(ordered[:BATCH])
    while batch:
        yield batch
        batch = list(ordered.filter(pk__gt=batch[-1].pk)[:BATCH])


def _reencrypt(row: Any, column: str) -> str:
    """Renew one row unless it was written meanwhile: then the newest key encrypted it already."""
    before = getattr(row, column)
    try:
        after = encryption.reencrypt(before.encode() if isinstance(before, str) else bytes(before))
    except DecryptionError:
        return "broken"
    value = after.decode() if isinstance(before, str) else after
    if value == before:
        return "kept"
    unchanged = type(row).objects.filter(pk=row.pk, **{column: before})
    return "renewed" if unchanged.update(**{column: value}) else "kept"
