"""deploy/secrets.sh: its secrets are the service's, private, and made once."""

import os
import re
import stat
import subprocess
import sys

import pytest

NAMES = {
    "SECRET_KEY",
    "PAYLOAD_KEYS",
    "DIRECTORY_KEY",
    "POSTGRES_PASSWORD",
    "DATABASE_PASSWORD",
    "REDIS_PASSWORD",
}


@pytest.fixture
def make_secrets(root, tmp_path):
    """Run the script on a file of the test's own and return what that file names."""
    file = tmp_path / "secrets"

    def make(before=None):
        if before is not None:
            file.write_text(before)
        subprocess.run([root / "deploy/secrets.sh", file], check=True, capture_output=True)
        return dict(line.split("=", 1) for line in file.read_text().splitlines())

    make.file = file
    return make


def test_it_names_every_secret_that_compose_asks_for(root, make_secrets):
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", (root / "docker-compose.yml").read_text()))

    assert set(make_secrets()) == asked == NAMES


def test_nobody_else_may_read_them(make_secrets):
    make_secrets()

    assert stat.S_IMODE(make_secrets.file.stat().st_mode) == 0o600


def test_a_second_run_changes_nothing(make_secrets):
    assert make_secrets() == make_secrets()


def test_two_machines_share_none(make_secrets):
    first = make_secrets()

    second = make_secrets(before="")

    assert set(first.values()) & set(second.values()) == set()


def test_what_a_person_began_is_kept(make_secrets):
    found = make_secrets(before="EMAIL_URL=smtp://mail.example.com\nSECRET_KEY=theirs")

    assert found["EMAIL_URL"] == "smtp://mail.example.com"
    assert found["SECRET_KEY"] == "theirs"
    assert set(found) == NAMES | {"EMAIL_URL"}


def test_passwords_stand_in_a_url_as_they_are(make_secrets):
    for name, value in make_secrets().items():
        if name.endswith("PASSWORD"):
            assert re.fullmatch("[0-9a-f]{48}", value)


def test_git_and_the_image_ignore_them(root):
    assert ".env" in (root / ".gitignore").read_text().splitlines()
    assert ".env*" in (root / ".dockerignore").read_text().splitlines()


def test_production_starts_with_what_compose_makes_of_them(root, services, make_secrets):
    secrets = make_secrets()
    environment = {
        name: _interpolated(value, secrets)
        for name, value in services["web"]["environment"].items()
        if value is not None
    }
    environment["PATH"] = os.environ["PATH"]

    # Fernet refuses a key of the wrong shape, the settings all the rest.
    code = (
        "import django; django.setup(); from tasks import payloads;"
        "from django.conf import settings; from cryptography.fernet import Fernet;"
        "[Fernet(key) for key in settings.PAYLOAD_KEYS];"
        "print(settings.PRODUCTION, settings.BASE_ORIGIN, settings.DATABASES['default']['HOST'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**environment, "DJANGO_SETTINGS_MODULE": "saas.settings"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout == "True https://localhost postgres\n"


def _interpolated(value, secrets):
    """What Compose makes of `${NAME:-default}` and `${NAME:?refusal}`."""
    return re.sub(
        r"\$\{([A-Z_]+):([-?])([^}]*)\}",
        lambda found: secrets.get(found[1], found[3] if found[2] == "-" else ""),
        value,
    )
