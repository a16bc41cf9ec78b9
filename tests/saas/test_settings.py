"""Settings fail loudly, by name, and production refuses what is convenient elsewhere."""

import os
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet

PRODUCTION = {
    "SAAS_ENV": "production",
    "BASE_ORIGIN": "https://example.com",
    "SECRET_KEY": "k" * 50,
    "PAYLOAD_KEYS": Fernet.generate_key().decode(),
    "DIRECTORY_KEY": "d" * 32,
    "DATABASE_URL": "postgres://saas:none@127.0.0.1:9/saas",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "EMAIL_URL": "smtp://127.0.0.1:9",
}


def start(**changes):
    """Import the settings as a process does that is about to start."""
    environment = {"PATH": os.environ["PATH"], **PRODUCTION, **changes}
    given = {name: value for name, value in environment.items() if value is not None}
    command = [sys.executable, "-c", "from saas.settings import *; print(SESSION_COOKIE_NAME)"]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False)


def test_production_starts_with_what_it_needs_and_locks_its_cookies_to_the_host():
    done = start()

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "__Host-session"


@pytest.mark.parametrize("name", sorted(set(PRODUCTION) - {"SAAS_ENV"}))
def test_a_missing_variable_is_called_by_its_name(name):
    done = start(**{name: None})

    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "on"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "django-insecure-" + "k" * 50),
        ("BASE_ORIGIN", "http://example.com"),
        ("BASE_ORIGIN", "example.com"),
        ("SAAS_ENV", "staging"),
    ],
)
def test_production_refuses(name, value):
    done = start(**{name: value})

    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


def test_an_unset_environment_is_production():
    assert start(SAAS_ENV=None, DEBUG="on").returncode != 0
