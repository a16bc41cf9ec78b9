"""Known or unknown: the same is asked of the database, so that time tells nobody who is there."""

import re
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.invitations import services
from accounts.users.errors import AccountError
from tenancy.context import workspace_context
from tests.contexts import public_context

# What differs from one person to the next: text, ids, times, bytes, numbers.
VALUE = re.compile(r"'(?:[^']|'')*'(::\w+)?|\b\d+\b|\bNULL\b|ARRAY\[[^]]*\]")
# Sent along with a transaction's first statement, whichever that is.
CONTEXT = re.compile(r"^SELECT pg_catalog\.set_config\(.*?; ")
SAVEPOINT = re.compile(r'"s\d+_x\d+"')


def statements(action):
    """Do something, and count its statements, with their values taken out."""
    with public_context(), CaptureQueriesContext(connection) as captured:
        action()
    plain = (CONTEXT.sub("", query["sql"]) for query in captured)
    return Counter(SAVEPOINT.sub("?", VALUE.sub("?", each)) for each in plain)


@pytest.fixture
def same(db):
    def check(first, *others):
        expected = statements(first)
        assert expected.total() > 0
        for other in others:
            found = statements(other)
            assert (found - expected, expected - found) == (Counter(), Counter())

    return check


def post(tenant_or_none, path, **typed):
    """Send a form from a browser that has not been here before."""

    host = tenant_or_none.host if tenant_or_none else settings.BASE_DOMAIN
    # From here on the host is known: that is cached for whoever comes next.
    Client(SERVER_NAME=host).get("/accounts/login/")

    def send():
        answer = Client(SERVER_NAME=host).post(path, typed)
        assert answer.status_code in {200, 302}

    return send


@pytest.mark.parametrize("confirmed", [True, False], ids=["confirmed owner", "unconfirmed owner"])
def test_a_new_password_is_asked_for(acme, make_user, same, confirmed):
    make_user(acme, "owner@example.test", role="owner", verified=confirmed)
    make_user(acme, "ada@example.test")
    make_user(acme, "new@example.test", verified=False)
    make_user(acme, "gone@example.test", is_active=False)

    same(
        *(
            post(acme, "/accounts/password/reset/", email=email)
            for email in (
                "ada@example.test",
                "nobody@example.test",
                "new@example.test",
                "gone@example.test",
                "owner@example.test",
            )
        )
    )


def test_a_wrong_password_is_typed(acme, globex, make_user, same, monkeypatch):
    hashed = []
    real = (
        "accounts.users.hashers.Argon2idHasher.encode",
        "accounts.users.hashers.Argon2idHasher.verify",
    )
    for place in real:
        _count_calls(monkeypatch, place, hashed)
    make_user(acme, "ada@example.test")
    make_user(acme, "new@example.test", verified=False)
    make_user(acme, "gone@example.test", is_active=False)
    make_user(globex, "elsewhere@example.test")
    hashed.clear()

    emails = ("ada@", "nobody@", "new@", "gone@", "elsewhere@")
    same(*(post(acme, "/accounts/login/", login=f"{e}example.test", password="no") for e in emails))
    assert len(hashed) == len(emails), "one hash for each, known or not"


def _count_calls(monkeypatch, place, calls):
    from accounts.users.hashers import Argon2idHasher

    name = place.rpartition(".")[2]
    real = getattr(Argon2idHasher, name)

    def counted(self, *args, **kwargs):
        calls.append(name)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Argon2idHasher, name, counted)


def test_workspaces_are_looked_for(acme, globex, make_user, same):
    for tenant in (acme, globex):
        make_user(tenant, "both@example.test")
    make_user(acme, "ada@example.test")

    same(
        *(
            post(None, "/find/", email=email)
            for email in ("nobody@example.test", "ada@example.test", "both@example.test")
        )
    )


def test_somebody_is_invited(acme, globex, make_user, same):
    owner = make_user(acme, "owner@example.test", role="owner")
    make_user(globex, "elsewhere@example.test")

    assert acme.origin, "asked once, and kept"

    def invite(email):
        with workspace_context(acme):
            services.invite(email=email, role="member", by=owner)

    same(lambda: invite("nobody@example.test"), lambda: invite("elsewhere@example.test"))


def test_an_invitation_that_is_not_there_is_followed(acme, globex, make_user, same):
    owner = make_user(globex, "owner@example.test", role="owner")
    with workspace_context(globex):
        services.invite(email="bob@example.test", role="member", by=owner)

    def follow(token):
        with workspace_context(acme), pytest.raises(AccountError):
            services.find_invitation(token=token)

    same(lambda: follow("made up"), lambda: follow(""))


def test_an_organisation_is_opened(acme, make_user, same, sign_up_data):
    make_user(acme, "peter@initech.test")

    def sign_up(slug, email):
        typed = sign_up_data(subdomain=slug, organization="Initech", email=email, terms="")
        answer = Client(SERVER_NAME=settings.BASE_DOMAIN).post("/signup/", typed)
        assert answer.status_code == 422

    same(lambda: sign_up("one", "peter@initech.test"), lambda: sign_up("two", "new@initech.test"))
