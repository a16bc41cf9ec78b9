"""Exponential back-off: how long to wait before another attempt."""

import random


def delay(attempt: int, *, first: float, longest: float) -> float:
    """Return the seconds to wait after so many failed attempts: doubled with each.

    With jitter of a fifth, so that processes that failed together don't retry together.
    """
    # No more doublings than a float holds.
    wait = min(first * 2.0 ** min(attempt - 1, 100), longest)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311  # Not security-relevant.
