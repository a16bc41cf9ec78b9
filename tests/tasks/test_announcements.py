"""Words between processes: heard by all, and never waited for."""

import os

import pytest

from tasks import announcements, breakers
from tasks.announcements import Announcements


@pytest.fixture(autouse=True)
def looks_each_time(monkeypatch):
    monkeypatch.setattr(announcements, "PAUSE", 0)


def heard_by(listener, count=200):
    """Look until something has come in."""
    for _ in range(count):
        words = listener.heard()
        if words != []:
            return words
        os.sched_yield()
    return []


def test_a_word_reaches_whoever_listens_to_the_channel():
    speaker, listener, stranger = Announcements("one"), Announcements("one"), Announcements("two")
    assert listener.heard() is None, "what was said before is lost"
    assert stranger.heard() is None

    speaker.say("a.test", "b.test")

    assert heard_by(listener, 1_000_000) == ["a.test", "b.test"]
    assert stranger.heard() == []


def test_whoever_loses_the_connection_is_told_that_words_may_be_lost():
    listener = Announcements("one")
    assert listener.heard() is None
    assert listener.heard() == []

    listener._ears.connection.disconnect()
    listener._ears.connection.connect = refuse

    assert listener.heard() is None


def refuse():
    raise announcements.redis.ConnectionError


def test_nobody_waits_for_a_redis_that_is_away(monkeypatch):
    speaker, listener = Announcements("one"), Announcements("one")
    breakers.redis.trip(announcements.redis.ConnectionError())
    monkeypatch.setattr(
        announcements.redis.Redis, "from_url", lambda *_, **__: pytest.fail("asked")
    )

    speaker.say("a.test")

    assert listener.heard() == []


def test_a_child_has_ears_of_its_own():
    listener = Announcements("one")
    assert listener.heard() is None

    child = os.fork()
    if not child:
        os._exit(0 if listener._ears is None else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert listener.heard() == []
