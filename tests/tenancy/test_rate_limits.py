"""Rate limits: counted for each, for all processes, and bounded while Redis is away."""

import subprocess
import sys

import pytest

from dev.paths import ROOT
from tenancy import rate_limits
from tenancy.errors import RateLimitedError


@pytest.fixture(autouse=True)
def two_an_hour(settings):
    settings.LIMITS = {**settings.LIMITS, "find": "2/hour", "check": "2/hour"}
    rate_limits._shared.cache_clear()
    rate_limits._local.cache_clear()
    yield
    rate_limits._shared.cache_clear()
    rate_limits._local.cache_clear()


def test_one_too_many_is_told_when_to_come_back():
    for _ in range(2):
        rate_limits.hit("find", "10.0.0.1")

    with pytest.raises(RateLimitedError) as refusal:
        rate_limits.hit("find", "10.0.0.1")

    assert 0 < refusal.value.retry_after <= 3600


def test_each_is_counted_apart():
    for _ in range(2):
        rate_limits.hit("find", "10.0.0.1")

    rate_limits.hit("find", "10.0.0.2")
    rate_limits.hit("check", "10.0.0.1")


def test_while_redis_is_away_the_process_counts_by_itself(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for _ in range(2):
        rate_limits.hit("find", "10.0.0.1")

    with pytest.raises(RateLimitedError):
        rate_limits.hit("find", "10.0.0.1")


def test_limits_can_be_off(settings):
    settings.RATE_LIMITS = False

    for _ in range(5):
        rate_limits.hit("find", "10.0.0.1")


ASKING = """
import django
django.setup()
from dev.paths import ROOT
from tenancy import rate_limits
print(sum(not rate_limits.pace("letters", "5/hour") for _ in range(5)))
"""


def test_two_processes_keep_one_pace():
    asking = [
        subprocess.Popen([sys.executable, "-c", ASKING], cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(2)
    ]

    granted = [int(process.communicate(timeout=120)[0]) for process in asking]

    assert sum(granted) == 5
    assert [process.returncode for process in asking] == [0, 0]
