"""Health: everybody hears whether, and those who may know hear what."""

import pytest
from redis import RedisError

from operations import health

STRANGER = "203.0.113.7"
DETAILS = {"database": True, "redis": True, "migrations": True, "roles": True}


@pytest.fixture
def ask(db, base_client):
    def make(address, **headers):
        return base_client.get("/readyz", REMOTE_ADDR=address, headers=headers).json()

    return make


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_is_told_what_there_is(ask, address):
    assert ask(address) == {"status": "ok", **DETAILS}


@pytest.mark.parametrize("address", [STRANGER, "10.0.0.7", "192.168.1.2", "2001:db8::1"])
def test_others_are_told_whether_alone(ask, address):
    assert ask(address) == {"status": "ok"}


@pytest.mark.parametrize(
    ("proxies", "forwarded", "is_told"),
    [
        (0, STRANGER, False),  # Somebody's proxy stands on this machine, and nobody counted it.
        (0, "127.0.0.1", False),
        (1, STRANGER, False),
        (1, f"127.0.0.1, {STRANGER}", False),  # What a visitor writes is not believed.
        (1, "127.0.0.1", True),
        (1, "nonsense", False),
        (2, STRANGER, False),  # Fewer proxies than were counted.
    ],
)
def test_a_visitor_of_a_proxy_is_no_neighbour(ask, settings, proxies, forwarded, is_told):
    settings.TRUSTED_PROXIES = settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies

    told = ask("127.0.0.1", **{"x-forwarded-for": forwarded})

    assert told == {"status": "ok", **(DETAILS if is_told else {})}


@pytest.mark.parametrize(
    ("token", "shown", "is_told"),
    [
        ("t0ken", "Bearer t0ken", True),
        ("t0ken", "Bearer t0kem", False),
        ("t0ken", "Bearer ", False),
        ("", "Bearer ", False),
        ("", "", False),
    ],
)
def test_the_token_opens_it_and_none_opens_nothing(ask, settings, token, shown, is_told):
    settings.HEALTH_TOKEN = token

    told = ask(STRANGER, authorization=shown)

    assert told == {"status": "ok", **(DETAILS if is_told else {})}


def test_what_is_away_stands_in_the_log_and_not_in_the_answer(db, base_client, monkeypatch, caplog):
    def away():
        raise RedisError

    monkeypatch.setattr(health, "redis_answers", away)

    told = base_client.get("/readyz", REMOTE_ADDR=STRANGER)

    assert (told.status_code, told.json()) == (503, {"status": "down"})
    assert base_client.get("/readyz").json() == {"status": "down", **DETAILS, "redis": False}
    assert "Not ready: redis" in caplog.text
