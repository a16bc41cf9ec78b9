"""A finding of the doctor: what is wrong, and how to repair it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One inconsistency. Without `fix`, an operator has to carry out `remedy` by hand."""

    sentence: str
    remedy: str
    fix: Callable[[], object] | None = None
