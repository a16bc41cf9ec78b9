"""Comparing two places while rows come and go in both."""

from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def alone(left: Callable[[], set[T]], right: Callable[[], set[T]]) -> tuple[set[T], set[T]]:
    """Return what stands on the left alone, and what stands on the right alone.

    For two places whose entries are committed together and removed together. Each is read
    twice, in turns. What the first reading of one side has shown was committed by then, and
    so was its counterpart, which the next reading of the other side shows; unless both were
    removed in between, and then the second reading of the first side lacks it. So nobody
    who signs up or is closed meanwhile is taken for debris, and no lock is needed.
    """
    left_1, right_1, left_2, right_2 = left(), right(), left(), right()
    return (left_1 - right_1) & left_2, (right_1 - left_2) & right_2
