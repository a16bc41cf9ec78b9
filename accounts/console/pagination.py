"""Keyset pagination: each page starts after the last row of the one before, without OFFSET.

A page costs the same at any depth, and rows inserted or deleted meanwhile neither repeat nor
skip others.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import F, Model, Q, QuerySet
from django.utils.timezone import is_aware

Row = TypeVar("Row", bound=Model)
Key = tuple[Any, UUID]

SIZE = 25


def a_word(value: Any) -> str:
    """Return a cursor's text. Raises `ValueError` for a value that no column holds."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    value.encode()  # Raises `ValueError` for half a surrogate pair, too.
    return value


def a_moment(value: Any) -> datetime:
    """Return a cursor's moment. Raises `ValueError`, or `OverflowError` out of range."""
    moment = datetime.fromisoformat(a_word(value))
    if not is_aware(moment):
        raise ValueError(value)
    return moment.astimezone(UTC)


@dataclass(frozen=True)
class Order:
    """A field's order, made total by the primary key, which always ascends within a tie.

    NULLs come last, in either direction. Only a `nullable` order says so in SQL: the others
    match a plain index.
    """

    field: str
    parse: Callable[[Any], Any] = a_word
    descending: bool = False
    nullable: bool = False

    def sort(self, rows: "QuerySet[Row]", *, backwards: bool) -> "QuerySet[Row]":
        falls = self.descending != backwards
        nulls = {"nulls_first" if backwards else "nulls_last": True} if self.nullable else {}
        field = F(self.field).desc(**nulls) if falls else F(self.field).asc(**nulls)
        return rows.order_by(field, "-pk" if backwards else "pk")

    def beyond(self, key: Key, *, backwards: bool) -> Q:
        """Return the condition for the rows after a key, or before it."""
        value, pk = key
        further = Q(pk__lt=pk) if backwards else Q(pk__gt=pk)
        empty = Q(**{f"{self.field}__isnull": True})
        if value is None:
            return (empty & further) | ~empty if backwards else empty & further
        step = "lt" if self.descending != backwards else "gt"
        beyond = Q(**{f"{self.field}__{step}": value}) | (Q(**{self.field: value}) & further)
        if self.nullable:
            return beyond if backwards else beyond | empty
        # Redundant, but this is the part that an index can answer.
        return Q(**{f"{self.field}__{step}e": value}) & beyond

    def cursor(self, row: Model) -> str:
        """Return a row's key, encoded for a URL."""
        key = json.dumps([getattr(row, self.field), row.pk], default=str)
        return urlsafe_b64encode(key.encode()).decode().rstrip("=")

    def read(self, cursor: str) -> Key | None:
        """Return a cursor's key; None for an invalid cursor."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            value, pk = json.loads(urlsafe_b64decode(padded.encode()))
            parsed = None if value is None and self.nullable else self.parse(value)
            return parsed, UUID(a_word(pk))
        except (ValueError, TypeError, OverflowError, RecursionError):
            return None


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and the cursors of the adjacent pages; empty where there is none."""

    rows: list[Row]
    before: str = ""
    after: str = ""


def page_of(
    rows: "QuerySet[Row]", order: Order, *, query: Mapping[str, str], size: int = SIZE
) -> "Page[Row]":
    """Return the page that `after` or `before` in the query asks for, else the first one.

    Runs one query; a second one when the requested rows are gone.
    """
    backwards = "before" in query
    key = order.read(query.get("before" if backwards else "after", ""))
    backwards = backwards and key is not None
    wanted = rows.filter(order.beyond(key, backwards=backwards)) if key else rows
    found = list(order.sort(wanted, backwards=backwards)[: size + 1])
    there_is_more = len(found) > size
    del found[size:]
    if backwards:
        found.reverse()
    starts_over = key is not None and (not found or (backwards and not there_is_more))
    if starts_over:
        return page_of(rows, order, query={}, size=size)
    has_before = there_is_more if backwards else key is not None
    has_after = backwards or there_is_more
    return Page(
        found,
        before=order.cursor(found[0]) if has_before else "",
        after=order.cursor(found[-1]) if has_after else "",
    )
