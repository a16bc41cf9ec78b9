"""Passwords are hashed so many at a time, and who waits too long is told to come back."""

import threading

import pytest
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password

from accounts.users import hashers
from accounts.users.errors import HashingBusyError
from tests.clients import Client
from tests.racing import at_once

PASSWORD = "correct horse battery staple"


@pytest.fixture
def one_at_a_time(monkeypatch):
    """One slot for the whole process, and no long wait."""
    slots = threading.BoundedSemaphore(1)
    monkeypatch.setattr(hashers, "_free_slots", slots)
    monkeypatch.setattr(hashers, "PATIENCE", 0.01)
    return slots


def test_a_hash_has_fixed_parameters():
    assert make_password(PASSWORD).startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_there_are_as_many_turns_as_the_settings_say():
    assert hashers._free_slots._initial_value == settings.HASHES_AT_ONCE >= 1


def test_hashing_and_checking_wait_for_a_turn_and_give_it_back(one_at_a_time):
    encoded = make_password(PASSWORD)

    with one_at_a_time:
        for ask in (lambda: make_password(PASSWORD), lambda: check_password(PASSWORD, encoded)):
            with pytest.raises(HashingBusyError):
                ask()

    assert check_password(PASSWORD, encoded)
    assert not check_password("wrong", encoded)


def test_no_more_than_that_run_at_once(monkeypatch):
    inside, most = [], []
    real = hashers.Argon2PasswordHasher.encode

    def encode(self, password, salt):
        inside.append(1)
        most.append(len(inside))
        try:
            return real(self, password, salt)
        finally:
            inside.pop()

    monkeypatch.setattr(hashers.Argon2PasswordHasher, "encode", encode)
    monkeypatch.setattr(hashers, "_free_slots", threading.BoundedSemaphore(2))

    hashes = at_once(8, lambda _: make_password(PASSWORD))

    assert all(each.startswith("argon2$") for each in hashes)
    assert max(most) <= 2


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Very many people are signing in just now"),
        ("ko", "지금 로그인하는 사람이 아주 많아서"),
    ],
)
def test_a_page_asks_to_come_back_in_a_moment(
    db, acme, make_user, one_at_a_time, language, sentence
):
    make_user(acme, password=PASSWORD)
    client = Client(SERVER_NAME=acme.host, raise_request_exception=False)
    typed = {"login": "ada@example.test", "password": PASSWORD}

    with one_at_a_time:
        answer = client.post("/accounts/login/", typed, headers={"accept-language": language})
        page = client.get("/accounts/login/")

    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert sentence in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert page.status_code == 200
    assert client.post("/accounts/login/", typed).status_code == 302


def test_a_sign_up_keeps_what_was_typed_for_another_try(db, one_at_a_time, sign_up_data):
    client = Client(SERVER_NAME=settings.BASE_DOMAIN, raise_request_exception=False)

    with one_at_a_time:
        answer = client.post("/signup/", sign_up_data())

    assert answer.status_code == 503
    assert "what you typed is still there" in answer.content.decode()
    assert client.post("/signup/", sign_up_data()).status_code == 303
