"""Two are wanted, and no worker makes them."""

import pytest

from tenancy import jobs
from tenants.signup import services as signup


@pytest.fixture(autouse=True)
def two_wanted(settings, monkeypatch):
    settings.SCHEMA_POOL_SIZE = 2
    # Nobody plays the worker here, and the limits are the share's own.
    monkeypatch.setattr(jobs.fill_pool, "apply_async", lambda *_, **__: calls.append(1))
    monkeypatch.setattr(jobs, "_asked", {})
    settings.RATE_LIMITS = False
    calls = []
    return calls


@pytest.fixture
def made(monkeypatch):
    """Which schemas a sign-up had to make."""
    names = []
    real = signup.create_schema

    def create_schema(*, schema_name):
        names.append(schema_name)
        real(schema_name=schema_name)

    monkeypatch.setattr(signup, "create_schema", create_schema)
    return names
