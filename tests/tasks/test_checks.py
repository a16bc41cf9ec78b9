"""Keys that would protect nothing are refused, before anything is kept with them."""

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks

KEY = Fernet.generate_key().decode()
GOOD = {
    "PRODUCTION": True,
    "SECRET_KEY": "s3cr-" + KEY,
    "SECRET_KEY_FALLBACKS": [],
    "PAYLOAD_KEYS": [KEY, Fernet.generate_key().decode()],
    "DIRECTORY_KEY": "0123456789abcdef" * 4,
}


def complaints(settings, **changes):
    for name, value in {**GOOD, **changes}.items():
        setattr(settings, name, value)
    return [error.id for error in run_checks(tags=["security"]) if error.id.startswith("tasks.")]


def test_good_keys_are_fine(settings):
    assert complaints(settings) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"PAYLOAD_KEYS": []}, ["tasks.E001"]),
        ({"PAYLOAD_KEYS": ["short"]}, ["tasks.E001"]),
        ({"PAYLOAD_KEYS": [KEY, "한글", KEY[:-2]]}, ["tasks.E001", "tasks.E001"]),
        ({"SECRET_KEY": KEY}, ["tasks.E002"]),
        ({"DIRECTORY_KEY": KEY}, ["tasks.E002"]),
        ({"PAYLOAD_KEYS": [KEY, KEY]}, ["tasks.E002"]),
        ({"SECRET_KEY_FALLBACKS": [GOOD["SECRET_KEY"]]}, ["tasks.E002"]),
        ({"DIRECTORY_KEY": "0123456789abcdef"}, ["tasks.E003"]),
        ({"DIRECTORY_KEY": "please-change-me-0123456789abcdef"}, ["tasks.E003"]),
        ({"PAYLOAD_KEYS": ["A" * 43 + "="]}, ["tasks.E003"]),
        ({"SECRET_KEY_FALLBACKS": ["django-insecure-" + KEY]}, ["tasks.E003"]),
    ],
)
def test_what_protects_nothing_is_refused(settings, changes, found):
    assert complaints(settings, **changes) == found


def test_development_may_have_simple_keys(settings):
    assert complaints(settings, PRODUCTION=False, DIRECTORY_KEY="dev") == []


def test_no_complaint_quotes_a_key(settings):
    for name, value in {**GOOD, "PAYLOAD_KEYS": ["hunter22"], "DIRECTORY_KEY": "hush"}.items():
        setattr(settings, name, value)

    said = " ".join(error.msg + error.hint for error in run_checks(tags=["security"]))
    assert "hunter22" not in said
    assert "hush" not in said
