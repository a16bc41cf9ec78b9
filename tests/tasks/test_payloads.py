"""Payloads at rest: readable with a known key, and with no other."""

import pytest
from cryptography.fernet import Fernet

from tasks.errors import PayloadGoneError
from tasks.payloads import seal, unseal


def test_an_older_key_still_opens_what_it_sealed(settings):
    sealed = seal({"code": "ABC"})
    settings.PAYLOAD_KEYS = [Fernet.generate_key().decode(), *settings.PAYLOAD_KEYS]

    assert unseal(sealed) == {"code": "ABC"}


def test_the_newest_key_seals(settings):
    older = settings.PAYLOAD_KEYS
    settings.PAYLOAD_KEYS = [Fernet.generate_key().decode(), *older]
    sealed = seal({"code": "ABC"})
    settings.PAYLOAD_KEYS = older

    with pytest.raises(PayloadGoneError):
        unseal(sealed)


@pytest.mark.parametrize("erased", [None, b""])
def test_what_is_erased_is_gone(erased):
    with pytest.raises(PayloadGoneError):
        unseal(erased)
