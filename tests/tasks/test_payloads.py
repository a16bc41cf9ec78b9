"""Payloads at rest: readable with a known key, in their own row, and nowhere else."""

import pytest
from cryptography.fernet import Fernet

from tasks.errors import PayloadGoneError
from tasks.models import Message
from tasks.payloads import decrypt, encrypt


def message(payload, schema_name="t_acme", key="welcome"):
    return Message(schema_name=schema_name, key=key, payload=payload)


def encrypted(**changes):
    return message(encrypt({"code": "ABC"}, schema_name="t_acme", key="welcome"), **changes)


def test_an_older_key_still_opens_what_it_sealed(settings):
    stored = encrypted()
    settings.PAYLOAD_KEYS = [Fernet.generate_key().decode(), *settings.PAYLOAD_KEYS]

    assert decrypt(stored) == {"code": "ABC"}


def test_the_newest_key_seals(settings):
    older = settings.PAYLOAD_KEYS
    settings.PAYLOAD_KEYS = [Fernet.generate_key().decode(), *older]
    stored = encrypted()
    settings.PAYLOAD_KEYS = older

    with pytest.raises(PayloadGoneError):
        decrypt(stored)


@pytest.mark.parametrize("erased", [None, b""])
def test_what_is_erased_is_gone(erased):
    with pytest.raises(PayloadGoneError):
        decrypt(message(erased))


@pytest.mark.parametrize("elsewhere", [{"schema_name": "t_globex"}, {"key": "another"}])
def test_a_payload_copied_into_another_message_opens_nothing(elsewhere):
    assert decrypt(encrypted()) == {"code": "ABC"}

    with pytest.raises(PayloadGoneError):
        decrypt(encrypted(**elsewhere))
