"""Rate limits: counted for each, for all processes, and bounded while Redis is away."""

import subprocess
import sys

import pytest

from accounts.console.panels import Panel, panels
from dev.paths import ROOT
from tenancy import rate_limits
from tenancy.checks import limits_can_be_counted
from tenancy.context import workspace_context
from tenancy.errors import RateLimitedError
from tenancy.rate_limits import RateLimit


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
print(sum(not rate_limits.pace("messages", "5/hour") for _ in range(5)))
"""


def test_two_processes_keep_one_pace():
    asking = [
        subprocess.Popen([sys.executable, "-c", ASKING], cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(2)
    ]

    granted = [int(process.communicate(timeout=120)[0]) for process in asking]

    assert sum(granted) == 5
    assert [process.returncode for process in asking] == [0, 0]


# --- Declared by an app ---


@pytest.fixture
def notes(declare, settings):
    settings.PRODUCTION = True
    declare(
        rate_limits.declared_limits,
        RateLimit("notes.add", "2/hour"),
        RateLimit("notes.all", "2/hour", "everywhere"),
    )


def times(tenant, name, most=4):
    """Return how many times a tenant may do something, `most` at most."""
    with workspace_context(tenant):
        for done in range(most):
            try:
                rate_limits.hit(name, "ada")
            except RateLimitedError:
                return done
    return most


def test_no_tenant_uses_up_another_ones_limit(notes, acme, globex):
    assert [times(tenant, "notes.add") for tenant in (acme, globex)] == [2, 2]


def test_a_limit_everywhere_is_shared(notes, acme, globex):
    assert [times(tenant, "notes.all") for tenant in (acme, globex)] == [2, 0]


def test_a_declared_limit_is_wide_in_development_and_can_be_off(notes, acme, settings):
    settings.PRODUCTION = False
    assert times(acme, "notes.add", most=300) == 200

    settings.RATE_LIMITS = False

    assert times(acme, "notes.add") == 4


def test_limits_that_can_not_be_counted_are_refused(declare):
    assert limits_can_be_counted() == []

    declare(
        rate_limits.declared_limits,
        RateLimit("find", "2/hour"),
        RateLimit("notes.often", "often"),
        RateLimit("notes.never", "0/hour"),
        RateLimit("notes.twice", "5/hour;20/day"),
        RateLimit("notes.no_time", "5/0 hour"),
    )

    found = [error.id for error in limits_can_be_counted()]
    assert found == ["tenancy.E011", *["tenancy.E012"] * 4]


def test_a_view_may_leave_the_answer_to_the_service(notes, declare, acme, client_of, make_user):
    counted = Panel("test.counted", "", lambda _request: rate_limits.hit("notes.add", "ada"), 0)
    declare(panels, counted)
    client = client_of(acme, make_user(acme, role="owner"))

    pages = [client.get("/console/") for _ in range(3)]

    assert [page.status_code for page in pages] == [200, 200, 429]
    assert 0 < int(pages[-1].headers["Retry-After"]) <= 3600
    assert "A little too fast" in pages[-1].text
