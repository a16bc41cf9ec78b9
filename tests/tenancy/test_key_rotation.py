"""Every key is changed while people are signed in and messages wait; nothing is lost by it."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.core.management import CommandError
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.sessions.store import SessionStore
from accounts.sign_in.emails import send_code
from tasks import outbox
from tasks.models import Message
from tasks.payloads import decrypt
from tenancy import encryption, key_rotation
from tenancy.context import database_role, workspace_context
from tenancy.roles import MIGRATOR
from tenants.directory.services import tenants_of
from tenants.models import DirectoryEntry, Tenant
from tests.accounts.steps import is_in, sign_in
from tests.commands import run
from tests.contexts import public_context


def new_key():
    return Fernet.generate_key().decode()


@pytest.fixture
def places(acme, globex):
    """Everywhere that something is encrypted."""
    with public_context():
        Tenant.objects.filter(pk=globex.pk).update(status="suspended")
    return [public_context, lambda: workspace_context(acme), lambda: workspace_context(globex)]


def leave_secrets(places):
    """Leave a session and a message in each place; return how to find them again."""
    left = []
    for place in places:
        with place():
            session = SessionStore()
            session["code"] = "ABCD"
            session.save()
            message = outbox.enqueue(
                send_code, kind="code", payload={"n": 1}, expires_in=timedelta(hours=1)
            )
            left.append((place, session.token, message.pk))
    return left


def readable(left):
    """Count the sessions and the messages that open."""
    sessions, messages = 0, 0
    for place, token, pk in left:
        with place():
            sessions += SessionStore.of_cookie(token).get("code") == "ABCD"
        with public_context():
            messages += decrypt(Message.objects.get(pk=pk)) == {"n": 1}
    return sessions, messages


# --- PAYLOAD_KEYS ---


def test_a_whole_rotation_loses_nothing(places, settings, monkeypatch):
    monkeypatch.setattr(key_rotation, "BATCH", 2)
    old, new = new_key(), new_key()
    settings.PAYLOAD_KEYS = [old]
    left = leave_secrets(places) + leave_secrets(places)

    settings.PAYLOAD_KEYS = [new, old]
    assert readable(left) == (6, 6)
    assert run("rotate_secrets") == "12 encrypted again, 0 had the newest key already.\n"
    settings.PAYLOAD_KEYS = [new]

    assert readable(left) == (6, 6)
    assert run("rotate_secrets") == "0 encrypted again, 12 had the newest key already.\n"


def test_a_rotation_says_what_is_lost(places, settings):
    settings.PAYLOAD_KEYS = [new_key()]
    leave_secrets(places)
    settings.PAYLOAD_KEYS = [new_key()]

    assert "6 can't be decrypted with any key that is set" in run("rotate_secrets")


def test_ended_sessions_are_not_worth_a_key(acme, settings):
    with workspace_context(acme):
        Session.objects.create(pk="old", session_data="junk", expire_date=timezone.now())

    assert run("rotate_secrets") == "0 encrypted again, 0 had the newest key already.\n"


def test_what_changes_during_a_rotation_keeps_the_change(acme, settings, monkeypatch):
    old, new = new_key(), new_key()
    settings.PAYLOAD_KEYS = [old]
    with workspace_context(acme):
        session = SessionStore()
        session["code"] = "before"
        session.save()
    settings.PAYLOAD_KEYS = [new, old]
    renew = encryption.reencrypt

    def write_meanwhile(encrypted):
        session["code"] = "after"
        session.save()
        return renew(encrypted)

    monkeypatch.setattr(encryption, "reencrypt", write_meanwhile)
    assert run("rotate_secrets").startswith("0 encrypted again")

    settings.PAYLOAD_KEYS = [new]
    with workspace_context(acme):
        assert SessionStore.of_cookie(session.token)["code"] == "after"


def test_a_tenant_that_fails_keeps_no_other_from_its_new_key(committed, acme, globex, settings):
    old, new = new_key(), new_key()
    settings.PAYLOAD_KEYS = [old]
    left = leave_secrets([lambda: workspace_context(globex)])
    owner = database_role(MIGRATOR)
    with owner, workspace_context(acme), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_session RENAME COLUMN expire_date TO gone")
    settings.PAYLOAD_KEYS = [new, old]

    with pytest.raises(CommandError, match="It failed in 1 of 2: acme"):
        run("rotate_secrets")

    settings.PAYLOAD_KEYS = [new]
    assert readable(left) == (1, 1)


# --- SECRET_KEY ---


def test_sessions_and_reset_links_outlive_their_secret_key_while_it_is_listed(
    acme, make_user, client_of, settings, outbox_links
):
    user = make_user(acme)
    client, forgetful = client_of(acme), client_of(acme)
    sign_in(client, user.email)
    forgetful.post("/accounts/password/reset/", {"email": user.email})
    path = outbox_links()
    old, settings.SECRET_KEY = settings.SECRET_KEY, "n" * 50

    settings.SECRET_KEY_FALLBACKS = [old]
    assert is_in(client)
    assert forgetful.get(path).status_code == 302

    # What was used meanwhile is signed with the new key by now.
    settings.SECRET_KEY_FALLBACKS = []
    assert is_in(client)
    assert client_of(acme).get(path).status_code == 200  # The page that says it is no good.


def test_what_an_unlisted_secret_key_signed_is_worth_nothing(acme, make_user, client_of, settings):
    client = client_of(acme)
    sign_in(client, make_user(acme).email)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, []

    assert not is_in(client)


@pytest.fixture
def outbox_links():
    """Return the path of the last reset link."""

    def last():
        with public_context():
            payload = decrypt(Message.objects.get(kind="password_reset"))
        return "/accounts" + payload["context"]["password_reset_url"].split("/accounts")[1]

    return last


# --- DIRECTORY_KEY ---


def test_a_new_directory_key_finds_everybody_once_it_is_rebuilt(
    acme, globex, make_user, settings, monkeypatch
):
    monkeypatch.setattr(key_rotation, "BATCH", 2)
    emails = [f"user{n}@example.test" for n in range(5)]
    for email in emails:
        make_user(acme, email)
    make_user(globex, emails[0])
    settings.DIRECTORY_KEY = "f" * 64

    with public_context():
        assert [tenants_of(email) for email in emails] == [[]] * 5
    assert run("rebuild_directory") == "6 people are listed; 0 entries belonged to no tenant.\n"

    with public_context():
        assert tenants_of(emails[0]) == [acme, globex]
        assert tenants_of(emails[4]) == [acme]
        assert DirectoryEntry.objects.count() == 6


def test_a_rebuilt_directory_forgets_who_is_gone(acme, globex, make_user):
    stays, goes = make_user(acme, "stays@acme.test"), make_user(acme, "goes@acme.test")
    make_user(globex, "goes@acme.test")
    with workspace_context(acme):
        User.objects.filter(pk=goes.pk).delete()
        DirectoryEntry.objects.create(
            schema_name=acme.schema_name, user_id=goes.pk, address_hash="x"
        )
    with public_context():
        DirectoryEntry.objects.create(
            schema_name="t_0000000000000000", user_id=goes.pk, address_hash="x"
        )

    said = [run("rebuild_directory") for _ in range(2)]

    assert said[0] == "2 people are listed; 1 entries belonged to no tenant.\n"
    assert said[1] == "2 people are listed; 0 entries belonged to no tenant.\n"
    with public_context():
        assert tenants_of(stays.email) == [acme]
        assert tenants_of("goes@acme.test") == [globex]
