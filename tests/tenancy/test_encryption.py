"""Seals: the newest key closes, any known one opens, and only in the context it was made for."""

import pytest
from cryptography.fernet import Fernet

from tenancy.encryption import decrypt, encrypt, reencrypt
from tenancy.errors import DecryptionError


def new_key():
    return Fernet.generate_key().decode()


def test_no_place_reaches_into_the_content():
    with pytest.raises(ValueError, match="line break"):
        encrypt(b"", context="a\nb")


def test_a_renewed_seal_needs_no_older_key(settings):
    old, new = new_key(), new_key()
    settings.PAYLOAD_KEYS = [old]
    encrypted = encrypt(b"secret", context="here")

    settings.PAYLOAD_KEYS = [new, old]
    renewed = reencrypt(encrypted)
    settings.PAYLOAD_KEYS = [new]

    assert decrypt(renewed, context="here") == b"secret"
    assert reencrypt(renewed) == renewed
    with pytest.raises(DecryptionError):
        decrypt(encrypted, context="here")
