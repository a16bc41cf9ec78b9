"""A pytest plugin of `make prove ARGS=--minutes=N`: no attack is begun once the minutes are over.

Those are skipped as far as pytest is concerned, and noted in a file that `dev.prove` sums up.
"""

import os
import time
from pathlib import Path

import pytest


def environment(notes: Path, ends_at: float) -> dict[str, str]:
    """Return what the plugin reads; `ends_at` is a time of `time.time()`."""
    return {"ATTACKS_NOT_BEGUN": str(notes), "ATTACKS_END_AT": str(ends_at)}


def not_begun(notes: Path) -> list[str]:
    """Return the attacks that were not begun."""
    return notes.read_text().splitlines() if notes.exists() else []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.time() < float(os.environ["ATTACKS_END_AT"]):
        return
    with Path(os.environ["ATTACKS_NOT_BEGUN"]).open("a") as file:
        file.write(f"{item.nodeid}\n")
    pytest.skip("not begun: the minutes were over")
