"""Forgotten passwords: one link, one hour, one tenant, and no word about who is known."""

import re
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from accounts.sign_in.emails import send_code
from tasks.models import Message
from tenancy.context import workspace_context
from tests.accounts.steps import is_in, sign_in
from tests.contexts import public_context

NEW = "another horse, another battery"


def ask(client, email):
    return client.post("/accounts/password/reset/", {"email": email})


def test_a_forgotten_password_is_chosen_anew(acme, make_user, client_of, outbox_of, reset_path):
    user, client = make_user(acme), client_of(acme)
    ask(client, user.email)

    page = client.get(reset_path(acme)).url
    response = client.post(page, {"password1": NEW, "password2": NEW})

    assert response.url == "/"
    assert is_in(client)
    fresh = client_of(acme)
    sign_in(fresh, user.email)
    assert not is_in(fresh)
    sign_in(fresh, user.email, NEW)
    assert is_in(fresh)
    news = outbox_of(acme)[-1]
    assert (news["kind"], news["to"], news["user_id"]) == ("password_changed", user.email, user.pk)


def test_a_forgotten_password_does_not_become_the_workspaces_name(
    acme, make_user, client_of, reset_path, visible
):
    user, client = make_user(acme), client_of(acme)
    ask(client, user.email)
    page = client.get(reset_path(acme)).url

    response = client.post(page, {"password1": "acmeacmeacme", "password2": "acmeacmeacme"})

    assert "This password is made of the workspace&#x27;s name." in visible(response)
    assert not is_in(client)


def test_the_link_leads_to_the_tenants_own_host(acme, make_user, client_of, outbox_of):
    user = make_user(acme)

    ask(client_of(acme, HTTP_HOST=f"{acme.host}:8443"), user.email)

    url = outbox_of(acme)[-1]["context"]["password_reset_url"]
    assert re.fullmatch(rf"{acme.origin}/accounts/password/reset/key/[0-9a-f]+-[\w-]+/", url)


def test_the_link_works_once(acme, make_user, client_of, reset_path, visible):
    user, client = make_user(acme), client_of(acme)
    ask(client, user.email)
    path = reset_path(acme)
    client.post(client.get(path).url, {"password1": NEW, "password2": NEW})

    response = client_of(acme).get(path)

    assert "This link has expired" in visible(response)


def test_the_link_works_for_an_hour(acme, make_user, client_of, reset_path, visible, settings):
    user, client = make_user(acme), client_of(acme)
    ask(client, user.email)
    settings.PASSWORD_RESET_TIMEOUT = -1

    assert "This link has expired" in visible(client.get(reset_path(acme)))


def test_the_link_opens_no_other_tenant(acme, globex, make_user, client_of, reset_path, visible):
    user = make_user(acme)
    with workspace_context(globex):
        # The worst case: the same person, with the same id and the same password.
        twin = User(pk=user.pk, email=user.email, full_name="Ada", password=user.password)
        twin.save()
        before = User.objects.get().password
    ask(client_of(acme), user.email)
    there = client_of(globex)

    response = there.get(reset_path(acme), follow=True)

    if "password1" in response.content.decode():
        there.post(response.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    with workspace_context(globex):
        assert User.objects.get().password == before


def test_a_reset_ends_the_other_sessions(acme, make_user, client_of, reset_path):
    user = make_user(acme)
    elsewhere, client = client_of(acme, user), client_of(acme)
    ask(client, user.email)

    client.post(client.get(reset_path(acme)).url, {"password1": NEW, "password2": NEW})

    assert not is_in(elsewhere)


def test_known_and_unknown_addresses_get_the_same_page_and_an_email(
    acme, make_user, client_of, outbox_of, visible
):
    user = make_user(acme, role="owner")

    known = client_of(acme).post("/accounts/password/reset/", {"email": user.email}, follow=True)
    unknown = client_of(acme).post(
        "/accounts/password/reset/", {"email": "nobody@example.test"}, follow=True
    )

    assert visible(known) == visible(unknown)
    assert [(m["kind"], m["to"]) for m in outbox_of(acme)] == [
        ("password_reset", user.email),
        ("unknown_account", "nobody@example.test"),
    ]


def test_the_deactivated_get_no_link(acme, make_user, client_of, outbox_of):
    make_user(acme, "owner@example.test", role="owner")
    user = make_user(acme, is_active=False)

    ask(client_of(acme), user.email)

    assert [m["kind"] for m in outbox_of(acme)] == ["unknown_account"]


def test_an_unconfirmed_tenant_writes_to_no_stranger(acme, make_user, client_of, outbox_of):
    make_user(acme, role="owner", verified=False)

    ask(client_of(acme), "victim@example.test")

    # It costs what an e-mail costs, so that the time doesn't tell which addresses have an account.
    with public_context():
        message = Message.objects.get(kind="unknown_account")
    send_code.apply(
        args=(str(message.pk),), headers={"schema_name": message.schema_name}, throw=True
    )
    with public_context():
        message.refresh_from_db()
    assert (message.state, message.payload) == ("dead", None)


def test_an_email_about_an_account_carries_no_secret_in_the_open(acme, make_user, client_of):
    ask(client_of(acme), make_user(acme).email)

    with public_context():
        message = Message.objects.get(schema_name=acme.schema_name, kind="password_reset")
    assert message.arguments == {}
    assert b"http" not in bytes(message.payload)
    assert message.expires_at <= timezone.now() + timedelta(hours=1)
