"""How often one page waits for a Redis that takes connections and says nothing: once at most."""

from urllib.parse import urlsplit

import pytest
from django.conf import settings as project

from tenancy import circuit_breaker, rate_limits, timeouts
from tenants.domains import hosts
from tests.brokers import broker_at, subscribe_anew
from tests.fixtures import PASSWORD
from tests.promises.conftest import FULL
from tests.relay import Relay

pytestmark = pytest.mark.long

PATIENCE = 0.3


@pytest.fixture
def line(committed, settings):
    """A line to Redis that may go silent: for cache, limits, health and queue."""
    there = urlsplit(project.REDIS_URL)
    with Relay(there.port, there.hostname) as relay:
        url = project.REDIS_URL.replace(f":{there.port}", f":{relay.port}")
        settings.REDIS_URL = settings.CELERY_BROKER_URL = url
        settings.REDIS_TIMEOUT = PATIENCE
        cache = {**project.CACHES["default"], "LOCATION": url, "OPTIONS": timeouts.redis(PATIENCE)}
        settings.CACHES = {"default": cache}
        rate_limits._shared.cache_clear()
        subscribe_anew(hosts.changes)
        with broker_at(url):
            yield relay
            relay.heal()
        rate_limits._shared.cache_clear()
        subscribe_anew(hosts.changes)


@pytest.fixture
def people(line, acme, make_user, client_of, base_client, sign_up_data):
    """What somebody does on each page, by its name."""
    owner = make_user(acme, "olive@acme.test", role="owner")
    stranger, guesser, inside = client_of(acme), client_of(acme), client_of(acme, owner)
    typed = {"login": owner.email, "password": PASSWORD}
    return {
        "landing": lambda: base_client.get("/"),
        "sign-in": lambda: stranger.get("/accounts/login/"),
        "signing in": lambda: stranger.post("/accounts/login/", typed),
        "a wrong password": lambda: guesser.post("/accounts/login/", {**typed, "password": "x"}),
        "console": lambda: inside.get("/console/"),
        "members": lambda: inside.get("/console/members/"),
        "sign-up": lambda: base_client.get("/signup/"),
        "signing up": lambda: base_client.post("/signup/", sign_up_data()),
        "health": lambda: base_client.get("/readyz"),
    }


# What each page answers, and how often it waits: those that count or remember nothing don't.
PAGES = {
    "landing": (200, 0),
    "sign-in": (200, 1),
    "signing in": (302, 1),
    "a wrong password": (200, 1),
    "console": (200, 1),
    "members": (200, 1),
    "sign-up": (200, 0),
    "signing up": (303, 1),
    "health": (503, 1),
}


# A connection that stood when Redis froze, and one that is yet to be made.
@pytest.mark.parametrize("state", ["connected", "fresh"] if FULL else ["connected"])
def test_a_page_waits_for_redis_once_at_most(people, line, state, figure):
    found = {}
    for name in PAGES:
        if state == "connected":
            people["health"]()
            people["a wrong password"]()
        circuit_breaker.redis.reset()
        # The worst that may be: this process has yet to listen for hosts that change.
        subscribe_anew(hosts.changes)
        line.is_silent = True

        answer = people[name]()

        found[name] = (answer.status_code, line.count())
        line.heal()
        circuit_breaker.redis.reset()

    assert found == PAGES
    figure("Redis away", f"waits of one page at most ({state})", max(n for _, n in found.values()))


def test_the_next_pages_do_not_wait_at_all(people, line, monkeypatch):
    """Until the pause is over: here it never is."""
    monkeypatch.setattr(circuit_breaker, "PAUSE", 3600)
    line.is_silent = True
    people["signing in"]()
    assert line.count() == 1

    for person in people.values():
        person()

    assert line.count() == 0
    circuit_breaker.redis.reset()
