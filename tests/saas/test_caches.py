"""The cache while Redis is away: limits go on counting, people go on signing in."""

import time

import pytest
from django.core.cache import cache, caches

from operations import health
from saas.caches import MOST_ENTRIES
from tenancy import circuit_breaker, rate_limits
from tenancy.context import workspace_context
from tests.contexts import public_context
from tests.fixtures import PASSWORD


@pytest.fixture
def redis_away(settings):
    """Point the cache at a port where nobody listens."""
    nobody = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {"default": nobody}
    yield
    caches["default"].local.clear()


def test_values_are_kept_here_and_apart_by_tenant(redis_away, acme, globex):
    with workspace_context(acme):
        cache.set("who", "ada")
        assert cache.add("who", "bob") is False
    with workspace_context(globex):
        assert cache.get("who") is None
        cache.set("who", "bob")
        cache.delete("who")

    with workspace_context(acme):
        assert cache.get("who") == "ada"


def test_redis_is_left_alone_for_a_while(redis_away, acme, monkeypatch):
    tried = []
    monkeypatch.setattr("django_redis.cache.RedisCache.get", lambda *_, **__: tried.append(1))
    with workspace_context(acme):
        cache.set("who", "ada")

        assert cache.get("who") == "ada"

    assert tried == []


def test_redis_is_asked_again_when_it_is_back(acme, monkeypatch):
    circuit_breaker.redis.trip(OSError())
    later = time.monotonic() + circuit_breaker.PAUSE
    monkeypatch.setattr("tenancy.circuit_breaker.time.monotonic", lambda: later)

    with workspace_context(acme):
        cache.set("who", "ada")
        caches["default"].local.clear()

        assert cache.get("who") == "ada"


def test_people_sign_in_while_redis_is_away(redis_away, acme, make_user, client_of):
    user, client = make_user(acme), client_of(acme)

    response = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    assert response.url == "/"


@pytest.fixture
def uncounted():
    """Let nothing be left of what was counted while Redis was away."""
    rate_limits._shared.cache_clear()
    rate_limits._local.cache_clear()
    yield
    rate_limits._shared.cache_clear()
    rate_limits._local.cache_clear()


def test_tries_are_counted_while_redis_is_away(
    redis_away, uncounted, acme, make_user, client_of, settings
):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    settings.LIMITS = {**settings.LIMITS, "guess_here": "2/5 minute"}
    user, client = make_user(acme), client_of(acme)
    for _ in range(2):
        client.post("/accounts/login/", {"login": user.email, "password": "wrong"})

    response = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    assert response.status_code == 429
    assert "Too many failed attempts." in response.content.decode()


def test_a_stranger_does_not_flood_the_spare(redis_away, acme, monkeypatch):
    monkeypatch.setattr(caches["default"].local, "_max_entries", 100)
    with workspace_context(acme):
        cache.set("tried", 3, timeout=300)
        for number in range(1000):
            cache.set(f"stranger-{number}", 1, timeout=300)
            cache.get("tried")

        assert cache.get("tried") == 3, "what is in use stays"
    assert len(caches["default"].local._cache) <= 101


def test_the_spare_is_not_taken_for_redis(redis_away):
    with public_context():
        assert health.passes(health.redis_answers) is False


def test_the_spare_has_an_end():
    assert caches["default"].local._max_entries == MOST_ENTRIES
