"""Seals: the newest key closes, any known one opens, and only in the place it was made for."""

import pytest
from cryptography.fernet import Fernet

from tenancy.encryption import reseal, seal, unseal
from tenancy.errors import DecryptionError


def new_key():
    return Fernet.generate_key().decode()


def test_no_place_reaches_into_the_content():
    with pytest.raises(ValueError, match="line break"):
        seal(b"", place="a\nb")


def test_a_renewed_seal_needs_no_older_key(settings):
    old, new = new_key(), new_key()
    settings.PAYLOAD_KEYS = [old]
    sealed = seal(b"secret", place="here")

    settings.PAYLOAD_KEYS = [new, old]
    renewed = reseal(sealed)
    settings.PAYLOAD_KEYS = [new]

    assert unseal(renewed, place="here") == b"secret"
    assert reseal(renewed) == renewed
    with pytest.raises(DecryptionError):
        unseal(sealed, place="here")
