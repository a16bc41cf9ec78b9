"""Onboarding e-mails: the list, a message's page and preview, sending again."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation, User
from tasks.models import Message
from tasks.payloads import decrypt
from tenancy.context import workspace_context
from tests.contexts import public_context

MAIL = reverse("console:messages")
State = Message.State


def on(name, message):
    return reverse(f"console:{name}", args=[message.pk])


def listed(response):
    return [(entry.kind, entry.address, entry.state.name) for entry in response.context["entries"]]


def change(message, **fields):
    with public_context():
        Message.objects.filter(pk=message.pk).update(**fields)


@pytest.fixture
def welcome(acme, owner, messages_of):
    return messages_of(acme, "welcome")[0]


@pytest.fixture
def invitation(acme, owner, invite):
    return invite(acme, owner, "kim@acme.test")


@pytest.fixture
def invitation_message(acme, invitation, messages_of):
    return messages_of(acme)[0]


def test_the_list_shows_this_tenants_messages_alone(
    globex, console, stranger, invite, invitation_message
):
    invite(globex, stranger, "guest@globex.test")

    response = console.get(MAIL)

    assert listed(response) == [
        ("Invitation", "kim@acme.test", "Queued"),
        ("Welcome", "olive@acme.test", "Queued"),
    ]
    assert "globex" not in response.text.lower()


def test_the_list_holds_no_private_messages(acme, console, owner):
    with workspace_context(acme):
        Message.objects.create(
            schema_name=acme.schema_name, kind="password_reset", task="x", key="x",
            user_id=owner.pk,
        )  # fmt: skip

    assert [kind for kind, *_ in listed(console.get(MAIL))] == ["Welcome"]


@pytest.mark.parametrize(
    ("state", "query", "name"),
    [
        (State.SENT, "sent", "Sent"),
        (State.PENDING, "waiting", "Queued"),
        (State.SENDING, "waiting", "Sending"),
        (State.FAILED, "retried", "Retrying"),
        (State.DEAD, "dead", "Failed"),
    ],
)
def test_the_list_narrows_down_by_state(console, welcome, invitation_message, state, query, name):
    change(welcome, state=state)
    change(invitation_message, state=State.SENT if query != "sent" else State.DEAD)

    assert listed(console.get(f"{MAIL}?state={query}")) == [("Welcome", "olive@acme.test", name)]


def test_the_list_narrows_down_by_kind(console, welcome, invitation_message):
    assert [kind for kind, *_ in listed(console.get(f"{MAIL}?kind=welcome"))] == ["Welcome"]
    assert "No message matches" in console.get(f"{MAIL}?kind=welcome&state=dead").text


def test_messages_outlive_their_readers(acme, console, member, messages_of):
    message = messages_of(acme, "welcome")[-1]
    with workspace_context(acme):
        User.objects.get(pk=member.pk).delete()

    assert "Deleted member" in console.get(MAIL).text
    page = console.get(on("message", message))
    assert "There is nothing to show" in page.text
    assert "Send again" not in page.text
    assert console.get(on("message-content", message)).status_code == 404


def test_the_list_costs_the_same_for_one_and_for_three(acme, console, owner, invite, make_user):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            console.get(MAIL)
        return len(queries)

    invite(acme, owner, "one@acme.test")
    console.get(MAIL)
    with_one = cost()
    for number in (2, 3):
        invite(acme, owner, f"more{number}@acme.test")
        make_user(acme, f"more{number}@acme.org")

    assert cost() == with_one


@pytest.mark.parametrize(
    ("fields", "explanation", "error"),
    [
        ({"state": State.PENDING}, "It is sent within seconds", ""),
        ({"state": State.SENDING}, "The mail server is taking it", ""),
        ({"state": State.SENT}, "The mail server has taken it.", ""),
        ({"state": State.FAILED, "last_error": "ConnectionRefusedError"},
         "It could not be sent yet. The next", "The mail server could not be reached."),
        ({"state": State.FAILED}, "It is held back for a while.", ""),
        ({"state": State.DEAD, "attempts": 12, "last_error": "SMTPRecipientsRefused"},
         "It was tried 12 times", "The mail server refuses the address. Is it right?"),
        ({"state": State.DEAD, "attempts": 1, "last_error": "SMTPDataError 554"},
         "It was tried 1 time,", "The mail server refused the e-mail."),
        ({"state": State.DEAD, "attempts": 13, "last_error": "AttemptsUsedUpError"},
         "It was tried 13 times", "Each attempt ended in the middle."),
        ({"state": State.DEAD, "last_error": "Expired before it could be sent."},
         "It was not sent, and will not be.", "Its link had ended before it could be sent."),
        ({"state": State.FAILED, "last_error": "OddError"},
         "It could not be sent yet.", "Something went wrong (OddError)."),
    ],
)  # fmt: skip
def test_a_messages_page_says_what_became_of_it(console, welcome, fields, explanation, error):
    change(welcome, **fields)

    response = console.get(on("message", welcome))

    assert explanation in response.text
    assert response.context["entry"].error == error
    assert error in response.text


@pytest.mark.parametrize("name", ["message", "message-content", "message-resend"])
def test_a_message_of_another_tenant_is_not_found(globex, console, stranger, messages_of, name):
    theirs = messages_of(globex, "welcome")[0]

    answer = console.post if name == "message-resend" else console.get

    assert answer(on(name, theirs)).status_code == 404


def test_the_preview_frames_the_message_and_shows_its_text(console, welcome):
    page = console.get(on("message", welcome))

    assert f'src="{on("message-content", welcome)}"' in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "Welcome to Acme" in page.text
    assert "Hello Olive Owner," in page.context["email"].body


def test_the_message_may_do_nothing_and_be_framed_by_the_console_alone(console, welcome):
    response = console.get(on("message-content", welcome))

    policy = set(response.headers["Content-Security-Policy"].split("; "))
    assert policy >= {"default-src 'none'", "frame-ancestors 'self'", "form-action 'none'"}
    assert "sandbox" in {part.strip() for part in policy}
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Hello Olive Owner," in response.text


def test_other_pages_frame_nothing_and_are_framed_by_nobody(console):
    policy = console.get(MAIL).headers["Content-Security-Policy"]

    assert "frame-src" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_preview_of_an_invitation_holds_no_link_that_works(console, invitation_message):
    token = decrypt(invitation_message)["context"]["url"].split("token=")[1]

    page, framed = (
        console.get(on("message", invitation_message)),
        console.get(on("message-content", invitation_message)),
    )

    assert "Join Acme" in framed.text
    for text in (page.text, framed.text):
        assert token not in text
        assert "token=" not in text


def test_a_welcome_is_sent_again(console, welcome, said):
    change(welcome, state=State.DEAD, attempts=12)

    response = console.post(on("message-resend", welcome), follow=True)

    with public_context():
        welcome.refresh_from_db()
    assert (welcome.state, welcome.attempts) == (State.PENDING, 0)
    assert said(response) == ["The e-mail is on its way to olive@acme.test again."]


def test_an_invitation_whose_link_is_kept_is_sent_again_as_it_is(
    acme, console, invitation, invitation_message, messages_of, reload
):
    change(invitation_message, state=State.FAILED, attempts=3, last_error="TimeoutError")

    console.post(on("message-resend", invitation_message))

    assert [(m.pk, m.state) for m in messages_of(acme)] == [(invitation_message.pk, State.PENDING)]
    before = invitation.token_hash
    assert reload(acme, invitation).token_hash == before


@pytest.mark.parametrize("state", [State.SENT, State.DEAD])
def test_an_invitation_whose_link_is_erased_gets_a_new_one(
    acme, console, invitation, invitation_message, messages_of, reload, state
):
    change(invitation_message, state=state, payload=None)
    before = invitation.token_hash

    console.post(on("message-resend", invitation_message))

    assert reload(acme, invitation).token_hash != before
    assert [m.state for m in messages_of(acme)] == [state, State.PENDING]


def test_an_invitation_that_has_expired_gets_a_new_link(
    acme, console, invitation, invitation_message, messages_of, reload
):
    change(invitation_message, state=State.FAILED)
    with workspace_context(acme):
        Invitation.objects.update(expires_at=timezone.now())

    console.post(on("message-resend", invitation_message))

    assert not reload(acme, invitation).is_expired
    assert [m.state for m in messages_of(acme)] == [State.CANCELLED, State.PENDING]


@pytest.mark.parametrize("ended", ["accepted_at", "revoked_at"])
def test_an_invitation_that_has_ended_is_not_sent_again(
    acme, console, invitation_message, ended, said
):
    change(invitation_message, state=State.SENT)
    with workspace_context(acme):
        Invitation.objects.update(**{ended: timezone.now()})

    page = console.get(on("message", invitation_message))
    response = console.post(on("message-resend", invitation_message), follow=True)

    assert "Send again" not in page.text
    assert said(response) == ["This invitation is no longer valid. Ask for a new one."]


@pytest.mark.parametrize("state", [State.PENDING, State.SENDING])
def test_a_message_on_its_way_has_no_button(console, welcome, state):
    change(welcome, state=state)

    assert "Send again" not in console.get(on("message", welcome)).text


def test_the_same_message_is_sent_again_once_a_minute(console, welcome, said):
    change(welcome, state=State.SENT)
    console.post(on("message-resend", welcome))
    change(welcome, state=State.SENT)

    response = console.post(on("message-resend", welcome), follow=True)

    assert said(response)[-1].startswith("It was sent again a moment ago.")
    with public_context():
        welcome.refresh_from_db()
    assert welcome.state == State.SENT


def test_an_invitations_message_shares_the_minute_with_its_row(
    acme, console, invitation, invitation_message, messages_of, said
):
    change(invitation_message, state=State.SENT, payload=None)
    console.post(reverse("console:invitation-resend", args=[invitation.pk]))

    response = console.post(on("message-resend", invitation_message), follow=True)

    assert said(response)[-1].startswith("It was sent again a moment ago.")
    assert len(messages_of(acme)) == 2


def test_a_message_that_does_not_exist_is_not_found(console):
    unknown = reverse("console:message", args=[uuid.uuid4()])

    assert console.get(unknown).status_code == 404


def test_the_navigation_marks_the_list_on_a_messages_page(console, welcome):
    text = console.get(on("message", welcome)).text

    assert f'href="{MAIL}" aria-current="page"' in text
