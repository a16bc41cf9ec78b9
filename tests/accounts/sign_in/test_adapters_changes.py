"""Changing one's password and address: whole or not at all, and told to their owner."""

import pytest
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from django.contrib.auth.password_validation import validate_password
from django.test import RequestFactory

from accounts.models import User
from accounts.sign_in.adapters import AccountAdapter
from tasks.mail import EmailContent, render
from tasks.models import Message
from tasks.payloads import decrypt
from tenancy.context import workspace_context
from tests.accounts.steps import is_in, people, sign_in
from tests.contexts import public_context
from tests.fixtures import PASSWORD

NEW = "another horse, another battery"


def test_a_password_is_changed_and_told(acme, make_user, client_of, outbox_of):
    user = make_user(acme, language="ko", time_zone="Asia/Seoul")
    here, elsewhere = client_of(acme, user), client_of(acme, user)

    here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
    )

    assert is_in(here)
    assert not is_in(elsewhere)
    (news,) = outbox_of(acme)
    assert (news["kind"], news["language"]) == ("password_changed", "ko")
    assert "KST" in news["context"]["when"]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (PASSWORD, "This is your password already."),
        ("acmeacmeacme", "This password is made of the workspace&#x27;s name."),
        ("ACME 2026 acme", "This password is made of the workspace&#x27;s name."),
    ],
)
def test_a_password_that_anybody_would_try_is_refused(
    acme, make_user, client_of, visible, new, said
):
    user = make_user(acme)
    client = client_of(acme, user)

    response = client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )

    assert said in visible(response)
    with workspace_context(acme):
        assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_a_password_may_mention_the_workspace(acme, globex, make_user):
    with workspace_context(acme):
        validate_password("every acme horse has a battery")
    with workspace_context(globex):
        validate_password("acmeacmeacme")


def test_a_password_is_asked_for_in_our_words(acme, make_user, client_of, visible):
    client = client_of(acme, make_user(acme))

    page = visible(client.get("/accounts/password/change/"))

    assert "Current password" in page
    assert "New password (again)" in page
    assert "At least 10 characters. A few words in a row are easy to remember." in page
    assert "Your password can" not in page


def test_changing_a_password_writes_nothing_else(acme, make_user, client_of):
    """A page that was read before a demotion must not bring the role back."""
    user = make_user(acme, role="admin")
    with workspace_context(acme):
        User.objects.filter(pk=user.pk).update(role="member", is_active=False)
        AccountAdapter().set_password(user, NEW)
        user.refresh_from_db()

    assert (user.role, user.is_active, user.check_password(NEW)) == ("member", False, True)


@pytest.fixture
def change_address(client_of):
    """Ask for a change of address, having given the password again. Return the client."""

    def change(tenant, user, email):
        client = client_of(tenant, user)
        asked = client.post("/accounts/email/", {"email": email, "action_add": ""})
        assert asked.url.startswith("/accounts/reauthenticate/")
        client.post(asked.url, {"password": PASSWORD})
        return client

    return change


def test_an_address_changes_with_the_code_sent_to_it(
    acme, globex, make_user, change_address, code_of, outbox_of, client_of
):
    user = make_user(acme)
    twin = make_user(globex)
    client = change_address(acme, user, "ada@new.test")
    assert people(acme) == {"ada@example.test"}
    assert outbox_of(acme)[-1]["to"] == "ada@new.test"

    client.post("/accounts/confirm-email/", {"code": code_of(acme)})

    assert people(acme) == {"ada@new.test"}
    assert people(globex) == {twin.email}
    with workspace_context(acme):
        kept = EmailAddress.objects.values_list("email", "verified", "primary")
        assert list(kept) == [("ada@new.test", True, True)]
    news = outbox_of(acme)[-1]
    assert (news["kind"], news["to"], news["user_id"]) == (
        "email_changed",
        "ada@example.test",
        user.pk,
    )
    assert news["context"]["to_email"] == "ada@new.test"
    fresh = client_of(acme)
    sign_in(fresh, "ada@new.test")
    assert is_in(fresh)


def test_a_changed_address_is_found_and_the_old_one_not(acme, make_user, change_address, code_of):
    from tenants.directory.services import tenants_of

    client = change_address(acme, make_user(acme), "ada@new.test")
    client.post("/accounts/confirm-email/", {"code": code_of(acme)})

    with public_context():
        assert tenants_of("ada@new.test") == [acme]
        assert tenants_of("ada@example.test") == []


def test_an_address_lost_at_the_last_moment_changes_nothing(
    acme, make_user, change_address, code_of, visible, monkeypatch
):
    """Somebody else comes in with the address between the form's question and the answer."""
    user = make_user(acme)
    client = change_address(acme, user, "bob@example.test")
    ask_nobody = "allauth.account.internal.flows.manage_email.assess_unique_email"
    monkeypatch.setattr(ask_nobody, lambda *_, **__: True)
    make_user(acme, "bob@example.test", verified=False)

    response = client.post("/accounts/confirm-email/", {"code": code_of(acme)}, follow=True)

    assert "bob@example.test already belongs to another user here." in visible(response)
    with workspace_context(acme):
        own = EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary")
        assert list(own) == [("ada@example.test", True, True)]


@pytest.mark.parametrize("verified", [True, False])
def test_nobody_takes_anothers_address(acme, make_user, change_address, code_of, visible, verified):
    user = make_user(acme)
    make_user(acme, "bob@example.test", verified=verified)
    client = change_address(acme, user, "bob@example.test")

    response = client.post("/accounts/confirm-email/", {"code": code_of(acme)}, follow=True)

    assert "A user is already registered with this email address." in visible(response)
    assert people(acme) == {"ada@example.test", "bob@example.test"}
    with workspace_context(acme):
        own = EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary")
        assert list(own) == [("ada@example.test", True, True)]


def test_an_address_is_not_changed_without_the_password(acme, make_user, client_of, outbox_of):
    client = client_of(acme, make_user(acme))

    asked = client.post("/accounts/email/", {"email": "ada@new.test", "action_add": ""})
    client.post(asked.url, {"password": "wrong"})

    assert outbox_of(acme) == []
    assert people(acme) == {"ada@example.test"}


@pytest.mark.parametrize("page", ["email/", "password/change/", "sessions/"])
def test_account_pages_show_on_both_hosts(acme, make_user, client_of, operator_client, page):
    assert is_in(client_of(acme, make_user(acme)), f"/accounts/{page}")
    assert is_in(operator_client, f"/operator/accounts/{page}")


@pytest.mark.parametrize(
    ("notice", "subject", "said"),
    [
        ("password_changed", "Your password was changed · Acme", "choose a new password at once"),
        ("password_set", "Your password was changed · Acme", "choose a new password at once"),
        ("email_changed", "Your e-mail address was changed · Acme", "tell your administrator"),
        ("email_deleted", "An e-mail address was removed · Acme", "choose a new password at once"),
    ],
)
def test_a_notice_says_what_happened_when_and_what_to_do(acme, make_user, notice, subject, said):
    user = make_user(acme)
    request = RequestFactory(headers={"user-agent": "Firefox"}).post("/")
    with workspace_context(acme), request_context(request):
        AccountAdapter(request).send_notification_mail(
            f"account/email/{notice}", user, {"to_email": "ada@new.test"}
        )
        encrypted = Message.objects.get(kind=notice, user_id=user.pk)
        email = render(EmailContent(**decrypt(encrypted)))

    assert email.subject == subject
    assert email.to == [user.email]
    for text in (email.body, email.alternatives[0].content):
        assert said in text
        assert "127.0.0.1" in text
        assert "(UTC)" in text
    # The old address can't choose a password any more.
    assert ("password/reset" in email.body) is (notice != "email_changed")
    assert ("ada@new.test" in email.body) is (notice == "email_changed")
