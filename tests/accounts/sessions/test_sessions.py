"""Sessions at rest: what a stolen table is worth, and what a row is worth elsewhere."""

import re

import pytest
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from accounts.invitations import services
from accounts.models import Role, User
from accounts.sessions.store import SessionStore
from tenancy.context import workspace_context
from tenancy.errors import TenantMissingError
from tests.accounts.steps import is_in, sign_in
from tests.contexts import public_context
from tests.fixtures import PASSWORD

COOKIE = configured.SESSION_COOKIE_NAME


def keep(**content):
    """Return the token and the row of a new session that holds this."""
    session = SessionStore()
    session.update(content)
    session.save()
    return session.token, Session.objects.get(pk=session.session_key)


def read(token):
    """Return what a cookie opens in the current context."""
    return dict(SessionStore.of_cookie(token).items())


def everything_at_rest(tenant):
    """Return all rows that a backup of a tenant holds about its sessions, as text."""
    with workspace_context(tenant), connection.cursor() as cursor:
        rows = []
        for table in ("django_session", "usersessions_usersession"):
            cursor.execute(f"SELECT * FROM {table}")
            rows += cursor.fetchall()
    assert rows
    return repr(rows)


# --- At rest ---


def test_a_session_reads_as_it_was_written(acme):
    with workspace_context(acme):
        token, _row = keep(invitation="t0ken", words=["한글", 1, None])

        assert read(token) == {"invitation": "t0ken", "words": ["한글", 1, None]}


def test_neither_the_content_nor_the_cookie_stands_in_the_tables(
    acme, make_user, client_of, code_of
):
    user = make_user(acme, "ada@acme.test", verified=False)
    client = client_of(acme)
    sign_in(client, user.email)
    with workspace_context(acme):
        held = repr(dict(client.session.items()))
    code = code_of(acme)
    assert code in held

    at_rest = everything_at_rest(acme)

    for secret in (code, str(user.pk), user.email, client.cookies[COOKIE].value):
        assert secret not in at_rest


def test_the_invitations_token_and_the_reset_key_are_unreadable(
    acme, make_user, client_of, outbox_of
):
    owner = make_user(acme, "olive@acme.test", role=Role.OWNER)
    invited, forgetful = client_of(acme), client_of(acme)
    with workspace_context(acme):
        services.invite(email="kim@acme.test", role=Role.MEMBER, by=owner)
    forgetful.post("/accounts/password/reset/", {"email": owner.email})
    invitation, reset = (email["context"] for email in outbox_of(acme))
    token = invitation["url"].split("token=")[1]
    key = reset["password_reset_url"].rstrip("/").split("/")[-1]

    invited.get(f"/accounts/invitation/?token={token}")
    forgetful.get(f"/accounts/password/reset/key/{key}/")

    with workspace_context(acme):
        assert invited.session["invitation"] == token
        assert key.split("-", 1)[1] in repr(dict(forgetful.session.items()))
    at_rest = everything_at_rest(acme)
    assert token not in at_rest
    assert key.split("-", 1)[1] not in at_rest


def test_what_stands_in_the_tables_is_no_cookie(acme, make_user, client_of):
    user = make_user(acme)
    client, thief = client_of(acme), client_of(acme)
    sign_in(client, user.email)
    with workspace_context(acme):
        (row_key,) = Session.objects.values_list("pk", flat=True)
        assert UserSession.objects.get().session_key == row_key

    thief.cookies[COOKIE] = row_key

    assert not is_in(thief)
    assert is_in(client)


# --- Elsewhere ---


@pytest.mark.parametrize("renamed", [False, True])
def test_a_row_copied_from_another_tenant_opens_nothing(acme, globex, renamed):
    with workspace_context(acme):
        token, row = keep(account="ada's")
    with workspace_context(globex):
        if renamed:  # Under the name that the cookie asks for here.
            row.pk = SessionStore.of_cookie(token).session_key
        row.save(force_insert=True)

        assert read(token) == {}
    with workspace_context(acme):
        assert read(token) == {"account": "ada's"}


def test_a_tenants_row_opens_nothing_in_public(acme):
    with workspace_context(acme):
        token, row = keep(account="ada's")
    with public_context():
        row.pk = SessionStore.of_cookie(token).session_key
        row.save(force_insert=True)

        assert read(token) == {}


def test_one_sessions_content_opens_nothing_in_another_row(acme):
    with workspace_context(acme):
        _token, victims = keep(account="victim's")
        token, own = keep(account="thief's")
        Session.objects.filter(pk=own.pk).update(session_data=victims.session_data)

        assert read(token) == {}


def test_a_copied_row_signs_nobody_in(acme, globex, make_user, client_of):
    user = make_user(acme)
    make_user(globex, id=user.pk)
    with workspace_context(globex):  # As in a copy of the tenant: the password fits as well.
        User.objects.update(password=user.password)
    here, there = client_of(acme), client_of(globex)
    sign_in(here, user.email)
    with workspace_context(acme):
        row = Session.objects.get()
    there.cookies[COOKIE] = here.cookies[COOKIE].value
    with workspace_context(globex):
        row.pk = there.session.session_key
        row.save(force_insert=True)

    assert not is_in(there)
    assert is_in(here)


def test_a_session_without_a_tenant_is_refused():
    with pytest.raises(TenantMissingError):
        SessionStore.of_cookie("a" * 32)


# --- Broken rows ---


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "gAAAA",
        "eyJfYXV0aF91c2VyX2lkIjoiMSJ9:1tX:signed-by-the-store-before",
        "\u00e9\ud55c",
        "gAAAAABm" + "A" * 500,
    ],
)
def test_a_row_that_does_not_open_is_an_empty_session(acme, make_user, client_of, broken):
    client = client_of(acme, make_user(acme))
    with workspace_context(acme):
        Session.objects.update(session_data=broken)

    response = client.get("/account/")

    assert response.status_code == 302
    assert client.get("/accounts/login/").status_code == 200


def test_a_row_whose_key_is_gone_is_an_empty_session(acme, make_user, client_of, settings):
    user = make_user(acme)
    client = client_of(acme, user)
    settings.PAYLOAD_KEYS = [Fernet.generate_key().decode()]

    assert not is_in(client)
    assert client.get("/accounts/login/").status_code == 200
    sign_in(client, user.email)
    assert is_in(client)


def test_nobody_is_given_a_key_that_somebody_else_knows(acme, make_user, client_of):
    client = client_of(acme)
    client.cookies[COOKIE] = "planted0planted0planted0planted0"

    sign_in(client, make_user(acme).email)

    assert client.cookies[COOKIE].value != "planted0planted0planted0planted0"
    assert is_in(client)


# --- Keys that change ---


def test_signing_in_changes_the_session_and_csrf_tokens(acme, make_user, client_of):
    client = client_of(acme)
    client.get("/accounts/login/")
    csrf = client.cookies[configured.CSRF_COOKIE_NAME].value
    with workspace_context(acme):
        before, _row = keep(invitation="t0ken")
    client.cookies[COOKIE] = before

    sign_in(client, make_user(acme).email)

    assert client.cookies[COOKIE].value != before
    assert client.cookies[configured.CSRF_COOKIE_NAME].value != csrf
    with workspace_context(acme):
        assert read(before) == {}


def test_a_session_under_a_new_key_stays_in_the_list(acme, make_user, client_of):
    user = make_user(acme)
    client = client_of(acme)
    sign_in(client, user.email)
    with workspace_context(acme):
        session = client.session
        session.cycle_key()

        assert UserSession.objects.get().session_key == session.session_key
        assert UserSession.objects.purge_and_list(user) == [UserSession.objects.get()]


def test_ended_sessions_are_cleared(acme):
    with workspace_context(acme):
        keep(n=1)
        _token, row = keep(n=2)
        Session.objects.filter(pk=row.pk).update(expire_date=timezone.now())

        SessionStore.clear_expired()

        assert Session.objects.count() == 1


def test_a_cookie_has_room_for_what_opens_nothing(acme, client_of):
    client = client_of(acme)
    for junk in ("x" * 4000, "short", "a" * 40):
        client.cookies[COOKIE] = junk

        assert client.get("/accounts/login/").status_code == 200


def test_a_token_is_as_long_as_it_must_be(acme):
    with workspace_context(acme):
        token, row = keep(n=1)

    assert re.fullmatch("[a-z0-9]{32}", token)
    assert re.fullmatch("[0-9a-f]{40}", row.pk)


# --- New passwords ---


def test_a_new_password_ends_every_other_session(acme, globex, make_user, client_of):
    user = make_user(acme)
    make_user(globex, user.email)
    here, elsewhere, neighbour = client_of(acme), client_of(acme), client_of(globex)
    for client in (here, elsewhere, neighbour):
        sign_in(client, user.email)

    here.post(
        "/accounts/password/change/",
        {
            "oldpassword": PASSWORD,
            "password1": "quite another one",
            "password2": "quite another one",
        },
    )

    assert [is_in(client) for client in (here, elsewhere, neighbour)] == [True, False, True]
    with workspace_context(acme):
        listed = UserSession.objects.purge_and_list(user)
        assert [session.session_key for session in listed] == [here.session.session_key]


def test_a_password_that_is_reset_ends_every_session(acme, make_user, client_of, reset_path):
    user = make_user(acme)
    lost, found = client_of(acme), client_of(acme)
    sign_in(lost, user.email)

    found.post("/accounts/password/reset/", {"email": user.email})
    form = found.get(reset_path(acme)).url
    found.post(form, {"password1": "quite another one", "password2": "quite another one"})

    assert not is_in(lost)
