"""While Redis is away: limits hold in each process, and what it keeps has an end."""

import tracemalloc

import pytest

from saas.limits import service_limits
from tenancy import rate_limits
from tenancy.context import workspace_context
from tenancy.errors import RateLimitedError
from tenancy.rate_limits import everywhere, here


@pytest.fixture(autouse=True)
def nobody_there(settings):
    settings.LIMITS = service_limits(is_wide=False)
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    rate_limits._shared.cache_clear()
    rate_limits._local.cache_clear()
    yield
    rate_limits._shared.cache_clear()
    rate_limits._local.cache_clear()


def passes(budget):
    try:
        rate_limits.spend(budget)
    except RateLimitedError:
        return False
    return True


def test_each_limit_holds_and_no_tenant_counts_for_another(acme, globex):
    with workspace_context(acme):
        ours = [passes(here("guess_person", "ada@example.test")) for _ in range(25)]
    with workspace_context(globex):
        theirs = passes(here("guess_person", "ada@example.test"))

    assert ours == [True] * 20 + [False] * 5
    assert theirs


def test_what_is_given_back_may_be_spent_again():
    budget = everywhere("guess_here", "ada")
    for _ in range(5):
        rate_limits.spend(budget)
    rate_limits.give_back(budget)

    assert [passes(budget), passes(budget)] == [True, False]


def test_a_flood_of_strangers_fills_no_memory(monkeypatch, full, figure):
    most = rate_limits.MOST_COUNTERS if full else 500
    monkeypatch.setattr(rate_limits, "MOST_COUNTERS", most)
    tracemalloc.start()
    storage = rate_limits._local().storage

    for number in range(most * 4):
        storage.incr(f"stranger-{number}", 600)
    kept, peak = len(storage.storage), tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert kept <= most
    assert len(storage.expirations) <= most
    assert peak < most * 2000, "bytes"
    figure("limits", "bytes kept in a process at most while Redis is away", peak)


def test_a_flood_of_short_counts_does_not_wipe_out_a_long_one(monkeypatch):
    monkeypatch.setattr(rate_limits, "MOST_COUNTERS", 500)
    storage = rate_limits._local().storage
    storage.incr("the person's day", 86_400)

    for number in range(5000):
        storage.incr(f"stranger-{number}", 300)

    assert storage.incr("the person's day", 86_400) == 2
