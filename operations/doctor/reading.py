"""Comparing two places without locks while rows are added and removed in both."""

from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def unmatched(left: Callable[[], set[T]], right: Callable[[], set[T]]) -> tuple[set[T], set[T]]:
    """Return the entries that only the left side has, and those that only the right side has.

    For two places whose entries are committed together and removed together. Each is read
    twice, alternately. An entry in the first read of one side was committed by then, and so
    was its counterpart, which the next read of the other side returns; unless both were
    removed in between, and then the second read of the first side lacks it. So a sign-up or
    deletion in the meantime is never reported, and no lock is needed.
    """
    left_1, right_1, left_2, right_2 = left(), right(), left(), right()
    return (left_1 - right_1) & left_2, (right_1 - left_2) & right_2
