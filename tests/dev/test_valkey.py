"""The Redis-compatible server: password, kept data, and orphaned servers."""

import pytest
import redis

from dev import valkey


@pytest.fixture
def store(place, own_keys):
    return valkey.Store(place, own_keys.valkey_password)


def test_it_answers_only_to_its_password(store):
    started = valkey.start(store)
    stranger = redis.Redis.from_url(started.url.replace(store.password, "guessed"))

    with pytest.raises(redis.AuthenticationError):
        stranger.ping()
    stranger.close()
    started.server.stop()


def test_its_password_stands_on_no_command_line(store):
    started = valkey.start(store)

    arguments = " ".join(started.server.process.args)
    started.server.stop()
    assert store.password not in arguments


def test_a_warm_start_keeps_the_data(store):
    first = valkey.start(store)
    with redis.Redis.from_url(first.url) as client:
        client.set("answer", 42)
    first.server.stop()

    second = valkey.start(store)

    with redis.Redis.from_url(second.url) as client:
        assert client.get("answer") == b"42"
    second.server.stop()


def test_a_server_that_a_killed_run_left_behind_is_ended(store, capsys):
    left = valkey.start(store)

    started = valkey.start(store)

    assert left.server.process.wait(5) == 0
    assert "a killed run left behind" in capsys.readouterr().err
    started.server.stop()


def test_a_folder_with_quotes_in_its_name_is_one_folder(tmp_path, own_keys):
    store = valkey.Store(tmp_path / 'a "quoted" place', own_keys.valkey_password)

    started = valkey.start(store)

    assert started.server.is_alive()
    started.server.stop()
