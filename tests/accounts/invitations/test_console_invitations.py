"""Inviting people, sending again, revoking."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation
from tasks.models import Message
from tasks.payloads import decrypt
from tenancy.context import workspace_context

INVITE = reverse("console:invite")
MEMBERS = reverse("console:members")


def typed(addresses, role="member", language="en"):
    return {"addresses": addresses, "role": role, "language": language}


def on(name, invitation):
    return reverse(f"console:{name}", args=[invitation.pk])


def open_in(tenant):
    with workspace_context(tenant):
        rows = Invitation.objects.open().order_by("email")
        return list(rows.values_list("email", "role", "language"))


def test_one_address_is_invited(acme, globex, console, messages_of, said):
    response = console.post(INVITE, typed("Kim@Acme.test", "admin", "ko"), follow=True)

    assert response.redirect_chain == [(MEMBERS, 302)]
    assert open_in(acme) == [("kim@acme.test", "admin", "ko")]
    assert open_in(globex) == []
    assert said(response) == ["kim@acme.test is invited."]
    assert [decrypt(m)["to"] for m in messages_of(acme)] == ["kim@acme.test"]


def test_several_addresses_are_invited_each_once(acme, console, said):
    response = console.post(INVITE, typed("a@acme.test, b@acme.test\nA@acme.test;"), follow=True)

    assert [email for email, *_ in open_in(acme)] == ["a@acme.test", "b@acme.test"]
    assert said(response) == ["a@acme.test is invited.", "b@acme.test is invited."]


def test_each_address_gets_its_own_answer_and_the_refused_ones_stay(
    acme, console, owner, member, invite, said
):
    invite(acme, owner, "kim@acme.test")
    with workspace_context(acme):
        Invitation.objects.update(created_at=timezone.now() - timedelta(minutes=5))

    response = console.post(INVITE, typed("kim@acme.test mia@acme.test new@acme.test"))

    assert response.status_code == 422
    assert said(response) == ["new@acme.test is invited."]
    assert response.context["form"].errors["addresses"] == [
        "kim@acme.test: This address has an open invitation: send it again instead.",
        "mia@acme.test: This address already belongs to a member of this workspace.",
    ]
    assert "kim@acme.test\nmia@acme.test</textarea>" in response.text


def test_a_malformed_address_keeps_nobody_else_from_being_invited(acme, console, member, said):
    response = console.post(INVITE, typed(f"b@ new@acme.test mia@acme.test {'x' * 250}@a.test"))

    assert response.status_code == 422
    assert said(response) == ["new@acme.test is invited."]
    assert [email for email, *_ in open_in(acme)] == ["new@acme.test"]
    assert response.context["form"].errors["addresses"] == [
        "b@: Enter a valid email address.",
        "mia@acme.test: This address already belongs to a member of this workspace.",
        f"{'x' * 80}: Enter a valid email address.",
    ]
    assert "b@\nmia@acme.test\nxxx" in response.text


def test_somebody_next_door_can_be_invited_here(acme, console, stranger):
    console.post(INVITE, typed(stranger.email))

    assert [email for email, *_ in open_in(acme)] == [stranger.email]


@pytest.mark.parametrize(
    ("addresses", "sentence"),
    [
        ("", "This field is required."),
        (" ,; ", "Type at least one address."),
        ("no-address", "no-address: Enter a valid email address."),
        (" ".join(f"a{n}@acme.test" for n in range(21)),
         "Those are 21 addresses: invite at most 20 at once."),
    ],
)  # fmt: skip
def test_a_field_without_an_address_is_refused(acme, console, addresses, sentence):
    response = console.post(INVITE, typed(addresses))

    assert response.status_code == 422
    assert response.context["form"].errors["addresses"] == [sentence]
    assert open_in(acme) == []


def test_an_admin_invites_no_owner(acme, admin, client_of):
    client = client_of(acme, admin)

    response = client.post(INVITE, typed("kim@acme.test", "owner"))

    assert "role" in response.context["form"].errors
    assert 'value="owner"' not in client.get(INVITE).text
    assert open_in(acme) == []


def test_who_is_not_verified_is_told_why(acme, unverified, client_of):
    client = client_of(acme, unverified)

    page = client.get(INVITE)
    answer = client.post(INVITE, typed("kim@acme.test"))

    assert "<textarea" not in page.text
    assert f'href="{reverse("verify-email")}">Confirm it now' in page.text
    assert answer.headers["Location"] == reverse("verify-email")
    assert open_in(acme) == []


def test_too_many_invitations_are_refused_in_words(acme, console, settings):
    settings.LIMITS = {**settings.LIMITS, "invite": "1/hour"}

    response = console.post(INVITE, typed("a@acme.test b@acme.test"))

    assert [email for email, *_ in open_in(acme)] == ["a@acme.test"]
    (sentence,) = response.context["form"].errors["addresses"]
    assert sentence.startswith("b@acme.test: That was too often. Try again in about")


def test_each_button_names_its_invitation_after_what_it_says(acme, console, owner, invite):
    for name in ("kim", "lee"):
        invite(acme, owner, f"{name}@acme.test")

    text = console.get(MEMBERS).text

    labels = re.findall(r'aria-label="((?:Send again|Revoke)[^"]*)"', text)
    assert sorted(labels) == [
        "Revoke: kim@acme.test",
        "Revoke: lee@acme.test",
        "Send again: kim@acme.test",
        "Send again: lee@acme.test",
    ]


def test_sending_again_replaces_the_link(acme, console, owner, invite, messages_of, reload, said):
    invitation = invite(acme, owner, "kim@acme.test")
    before = invitation.token_hash

    response = console.post(on("invitation-resend", invitation), follow=True)

    assert reload(acme, invitation).token_hash != before
    old, new = messages_of(acme)
    assert (old.state, old.payload, old.last_error) == (Message.State.CANCELLED, None, "Replaced")
    assert new.state == Message.State.PENDING
    assert said(response) == [
        "A new invitation is on its way to kim@acme.test; the old link has ended."
    ]


def test_the_same_invitation_is_sent_again_once_a_minute(
    acme, console, owner, invite, messages_of, said
):
    kim, lee = (invite(acme, owner, f"{name}@acme.test") for name in ("kim", "lee"))
    console.post(on("invitation-resend", kim), follow=True)

    again = console.post(on("invitation-resend", kim), follow=True)
    other = console.post(on("invitation-resend", lee), follow=True)

    assert re.fullmatch(
        r"It was sent again a moment ago\. It can be sent once more in \d+ seconds?\.",
        said(again)[-1],
    )
    assert "on its way to lee@acme.test" in said(other)[-1]
    assert len(messages_of(acme)) == 4


def test_revoking_asks_first(acme, console, owner, invite):
    invitation = invite(acme, owner, "kim@acme.test")

    response = console.get(on("invitation-revoke", invitation))

    assert "Revoke the invitation of kim@acme.test?" in response.text
    assert open_in(acme)


def test_revoking_ends_the_invitation_and_its_message(
    acme, console, owner, invite, messages_of, said
):
    invitation = invite(acme, owner, "kim@acme.test")

    response = console.post(on("invitation-revoke", invitation), follow=True)

    assert open_in(acme) == []
    assert [(m.state, m.payload) for m in messages_of(acme)] == [(Message.State.CANCELLED, None)]
    assert said(response) == ["The invitation of kim@acme.test has ended."]


@pytest.mark.parametrize("name", ["invitation-resend", "invitation-revoke"])
def test_an_invitation_that_has_ended_can_do_nothing_more(acme, console, owner, invite, said, name):
    invitation = invite(acme, owner, "kim@acme.test")
    console.post(on("invitation-revoke", invitation))

    response = console.post(on(name, invitation), follow=True)

    assert said(response)[-1] == "This invitation is no longer valid. Ask for a new one."


@pytest.mark.parametrize("name", ["invitation-resend", "invitation-revoke"])
def test_the_invitation_of_another_tenant_is_not_found(globex, console, stranger, invite, name):
    invitation = invite(globex, stranger, "guest@globex.test")

    assert console.post(on(name, invitation)).status_code == 404
    assert [email for email, *_ in open_in(globex)] == ["guest@globex.test"]


def test_an_expired_invitation_says_so_and_can_be_sent_again(acme, console, owner, invite, reload):
    invitation = invite(acme, owner, "kim@acme.test")
    with workspace_context(acme):
        Invitation.objects.update(expires_at=invitation.created_at)

    assert "Expired" in console.get(MEMBERS).text
    console.post(on("invitation-resend", invitation))

    assert not reload(acme, invitation).is_expired
