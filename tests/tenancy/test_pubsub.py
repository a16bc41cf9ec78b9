"""Words between processes: poll by all, and never waited for."""

import os

import pytest

from tenancy import circuit_breaker, pubsub
from tenancy.pubsub import Channel


@pytest.fixture(autouse=True)
def looks_each_time(monkeypatch):
    monkeypatch.setattr(pubsub, "SECONDS_BETWEEN_READS", 0)


def heard_by(listener, count=200):
    """Look until something has come in."""
    for _ in range(count):
        words = listener.poll()
        if words != []:
            return words
        os.sched_yield()
    return []


def test_a_word_reaches_whoever_listens_to_the_channel():
    speaker, listener, stranger = Channel("one"), Channel("one"), Channel("two")
    assert listener.poll() is None, "what was said before is lost"
    assert stranger.poll() is None

    speaker.publish("a.test", "b.test")

    assert heard_by(listener, 1_000_000) == ["a.test", "b.test"]
    assert stranger.poll() == []


def test_whoever_loses_the_connection_is_told_that_words_may_be_lost():
    listener = Channel("one")
    assert listener.poll() is None
    assert listener.poll() == []

    listener._subscription.connection.disconnect()
    listener._subscription.connection.connect = refuse

    assert listener.poll() is None


def refuse():
    raise pubsub.redis.ConnectionError


def test_nobody_waits_for_a_redis_that_is_away(monkeypatch):
    speaker, listener = Channel("one"), Channel("one")
    circuit_breaker.redis.trip(pubsub.redis.ConnectionError())
    monkeypatch.setattr(pubsub.redis.Redis, "from_url", lambda *_, **__: pytest.fail("asked"))

    speaker.publish("a.test")

    assert listener.poll() == []


def test_a_child_has_ears_of_its_own():
    listener = Channel("one")
    assert listener.poll() is None

    child = os.fork()
    if not child:
        os._exit(0 if listener._subscription is None else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert listener.poll() == []
