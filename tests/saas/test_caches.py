"""The cache while Redis is away: limits go on counting, people go on signing in."""

import pytest
from django.core.cache import cache, caches

from saas import health
from saas.caches import FallbackCache
from tasks.workspace import public_context, workspace_context
from tests.conftest import PASSWORD


@pytest.fixture
def redis_away(settings, monkeypatch):
    """Point the cache at a port where nobody listens."""
    nobody = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {"default": nobody}
    monkeypatch.setattr(FallbackCache, "away_until", 0.0)
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
    monkeypatch.setattr(FallbackCache, "away_until", 0.0)

    with workspace_context(acme):
        cache.set("who", "ada")
        caches["default"].local.clear()

        assert cache.get("who") == "ada"


def test_people_sign_in_while_redis_is_away(redis_away, acme, make_user, client_of):
    user, client = make_user(acme), client_of(acme)

    response = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    assert response.url == "/"


def test_tries_are_counted_while_redis_is_away(redis_away, acme, make_user, client_of, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "2/m/key"}
    user, client = make_user(acme), client_of(acme)
    for _ in range(2):
        client.post("/accounts/login/", {"login": user.email, "password": "wrong"})

    response = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    assert response.status_code == 200
    assert "Too many failed login attempts." in response.content.decode()


def test_the_spare_is_not_taken_for_redis(redis_away):
    with public_context():
        assert health.passes(health.redis_answers) is False
