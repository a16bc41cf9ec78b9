"""The seed of a chaos run: printed, and given back with CHAOS_SEED to strike the same blows."""

import os
import secrets

import pytest


@pytest.fixture
def seed():
    chosen = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**9))
    print(f"CHAOS_SEED={chosen}")  # noqa: T201  # pytest shows it when the test fails.
    return chosen
