"""What looks like a secret is masked, and what helps to find a fault is not."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.test import RequestFactory

from accounts.access.link_tokens import new_token
from saas import redaction
from saas.redaction import WITHHELD, present_request, redact


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("Refused: ada@acme.test", "ada"),
        ("{'ada.b+c@acme.test': (550, b'No')}", "ada.b"),
        ("한글@예시.한국 is taken", "한글"),
        ('"ada lovelace"@acme.test', "lovelace"),
        ("GET /find/?email=ada%40acme.test", "ada"),
        ("postgres://saas:pa55word@db:5432/saas", "pa55word"),
        ("redis://:pa55word@redis:6379/0", "pa55word"),
        ("{'password': 'it\\'s mine', 'n': 1}", "mine"),
        ("password=correct horse battery staple", "staple"),
        ('{"password1": "correct horse"}', "horse"),
        ("Password: correct horse", "horse"),
        ("/accounts/handoff/?token=Zx9-_k", "Zx9"),
        ("Cookie: session=abc", "abc"),
        ("Authorization: Bearer abc", "Bearer"),
        ("code='BCDF-GHJK'", "BCDF"),
        ("The code bcdf-ghjk is wrong", "bcdf"),
        ("The code BCDFGHJK is wrong", "BCDF"),
        ("/accounts/password/reset/key/3f2a-c0ffee/", "c0ffee"),
        ("duplicate key\nDETAIL:  Key (lower(email))=(ada (x)) already exists.", "ada"),
        ("null value\nDETAIL:  Failing row contains (1, Ada\nLovelace, x).\n", "Lovelace"),
        ("syntax error\nLINE 1: SELECT 'Ada'\n        ^", "Ada"),
        ('invalid input syntax for type uuid: "Ada"', "Ada"),
    ],
)
def test_what_looks_like_a_secret_is_masked(line, secret):
    assert secret in line
    assert secret not in redact(line)


def test_tokens_of_every_making_are_masked():
    from cryptography.fernet import Fernet
    from django.core.signing import dumps
    from django.utils.crypto import get_random_string

    for _ in range(200):
        for token in (
            new_token(),
            get_random_string(32),
            get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"),
            Fernet.generate_key().decode().rstrip("="),
        ):
            assert token not in redact(f"It was {token}.")
    signed = dumps({"user": "1"})
    assert signed.split(":")[2] not in redact(signed)


@pytest.mark.parametrize(
    "line",
    [
        "Sent welcome 7c9f23aa-0b1d-4e53-9a51-0c2b6d1f1a77 at attempt 1.",
        'File "/srv/app/accounts/invitations/services.py", line 12, in accept_invitation',
        "accounts.sign_in.verification.ConfirmEmailVerificationCodeView",
        'violates unique constraint "accounts_user_user_permissions_user_id_permission_id_014f8e2a_uniq"',  # noqa: E501  # A line of a log is one.
        "test_a_name_as_long_as_those_of_our_tests_stays",
        "relation t_6a1f0c2be94d7385.django_session does not exist",
        "SMTPAuthenticationError 535, status_code=500, exit code: 1",
        "2026-11-21T03:14:15.255512Z http://acme.localhost:8000/console/?page=2",
        "Redis is away (ConnectionError): caching here.",
        "Gone: /accounts/password/reset/key/…/",
    ],
)
def test_what_helps_is_kept(line):
    assert redact(line) == line


def test_what_the_request_carries_is_masked_whatever_it_looks_like():
    typed = {"password": 'l\'été, "chaud"', "login": "ada", "full_name": "Ada Lovelace"}
    request = RequestFactory().post("/?code=hush", typed)
    request.COOKIES["session"] = "abcdefghabcdefgh"
    request.POST  # noqa: B018  # A view has read it.
    token = present_request.set(request)
    try:
        said = redact(f"{typed['password']} {typed!r} hush abcdefghabcdefgh Ada Lovelace")
    finally:
        present_request.reset(token)

    for secret in ("l'été", "chaud", "hush", "abcdefgh"):
        assert secret not in said
    assert "Ada Lovelace" in said


def test_a_body_that_nobody_has_read_stays_unread():
    request = RequestFactory().post("/", {"password": "hunter22"})
    token = present_request.set(request)
    try:
        redact("line")
    finally:
        present_request.reset(token)

    assert not hasattr(request, "_post")
    assert request.POST["password"] == "hunter22"


def test_a_line_that_cannot_be_looked_through_is_withheld(monkeypatch):
    monkeypatch.setattr(redaction, "carried_in", lambda _request: 1 / 0)

    assert redact("secret") == WITHHELD


def test_a_long_line_takes_no_longer_than_it_must():
    for line in ("a" * 200_000, "a@" * 100_000, "password" * 20_000, "'" * 100_000, "://" * 50_000):
        assert redact(line)


def test_what_nobody_catches_is_printed_without_secrets():
    """A setting that can't be read is quoted by whoever reads it."""
    code = (
        "import saas, threading;"
        "t = threading.Thread(target=lambda: int('grace@acme.test')); t.start(); t.join();"
        "int('postgres://saas:pa55word@db ada@acme.test')"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True,
        check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.count("ValueError: invalid literal") == 2
    for secret in ("pa55word", "grace", "ada@"):
        assert secret not in done.stderr.split("ValueError", 1)[1]
