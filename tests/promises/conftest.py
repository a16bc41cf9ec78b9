"""How long the promises are attacked, and where the figures go.

In `make test` each attack runs for seconds, and takes the same steps each time; `make prove` sets
PROMISES=full and runs them for minutes, along new ways, with figures for docs/promises.md.
"""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

FULL = os.environ.get("PROMISES") == "full"

# A busy machine is no reason to fail, and a failing example is printed to be repeated.
settings.register_profile(
    "promises",
    max_examples=400 if FULL else 25,
    deadline=None,
    derandomize=not FULL,
    print_blob=True,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.target, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("promises")


@pytest.fixture(scope="session")
def full() -> bool:
    """Whether there are minutes rather than seconds."""
    return FULL


@pytest.fixture(scope="session")
def figure():
    """Note a figure: which promise, what was counted, how many."""
    place = os.environ.get("PROMISES_FIGURES")

    def note(promise: str, what: str, value: object) -> None:
        if place:
            with Path(place).open("a") as file:
                file.write(json.dumps([promise, what, str(value)]) + "\n")

    return note
