"""What the doctor says: what is wrong, and what would mend it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. Without `mend` a person has to do what `remedy` says."""

    sentence: str
    remedy: str
    mend: Callable[[], object] | None = None
