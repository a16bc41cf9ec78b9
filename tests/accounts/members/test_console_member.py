"""One member's page, and what administrators do there."""

import uuid

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.members import services as members
from accounts.models import User
from accounts.sign_in.emails import send_password_reset
from tasks.models import Message
from tenancy.context import workspace_context


def url(name, person):
    return reverse(f"console:{name}", args=[person.pk])


def test_the_page_shows_profile_and_mail(acme, console, member, stranger):
    with workspace_context(acme):
        member.profile.phone_number = "+821012345678"
        member.profile.address_line_1 = "1 Long Street"
        member.profile.country = "KR"
        member.profile.save()

    response = console.get(url("member", member))

    assert "+82 10-1234-5678" in response.text
    assert "1 Long Street" in response.text
    assert "South Korea" in response.text
    assert [entry.kind for entry in response.context["entries"]] == ["Welcome"]


def test_the_mail_of_somebody_next_door_stays_there(
    acme, globex, console, member, make_user, stranger
):
    make_user(globex, member.email, full_name="Mia Globex")

    entries = console.get(url("member", member)).context["entries"]

    assert [entry.message.schema_name for entry in entries] == [acme.schema_name]


def test_the_mail_holds_the_invitation_that_brought_them_in(
    acme, console, owner, invite, make_user, messages_of
):
    invite(acme, owner, "guest@acme.test")
    invite(acme, owner, "other@acme.test")
    guest = make_user(acme, "guest@acme.test")

    entries = console.get(url("member", guest)).context["entries"]

    assert sorted(entry.kind for entry in entries) == ["Invitation", "Welcome"]


def test_private_messages_are_named_and_not_shown(acme, console, member):
    with workspace_context(acme):
        secret = Message.objects.create(
            schema_name=acme.schema_name,
            kind="password_reset",
            task=send_password_reset.name,
            key=uuid.uuid4().hex,
            user_id=member.pk,
        )

    response = console.get(url("member", member))

    assert "Link to choose a password" in response.text
    assert str(secret.pk) not in response.text
    assert console.get(reverse("console:message", args=[secret.pk])).status_code == 404


@pytest.mark.parametrize("name", ["member", "deactivate"])
def test_somebody_of_another_tenant_is_not_found(console, stranger, name):
    assert console.get(url(name, stranger)).status_code == 404


@pytest.mark.parametrize("name", ["change-role", "deactivate", "reactivate"])
def test_nobody_changes_somebody_of_another_tenant(console, globex, stranger, reload, name):
    response = console.post(url(name, stranger), {"role": "member"})

    assert response.status_code == 404
    assert (reload(globex, stranger).role, stranger.is_active) == ("owner", True)


def test_an_owner_changes_a_role(acme, console, member, reload, said):
    response = console.post(url("change-role", member), {"role": "admin"}, follow=True)

    assert reload(acme, member).role == "admin"
    assert said(response) == ["Mia Member now has the role “Admin”."]


def test_a_role_that_does_not_exist_is_refused(acme, console, member, reload, said):
    response = console.post(url("change-role", member), {"role": "emperor"}, follow=True)

    assert reload(acme, member).role == "member"
    assert said(response) == ["Choose one of the roles."]


def test_an_admin_makes_nobody_an_owner(acme, admin, member, client_of, reload):
    client_of(acme, admin).post(url("change-role", member), {"role": "owner"})

    assert reload(acme, member).role == "member"


@pytest.mark.parametrize("name", ["change-role", "deactivate"])
def test_an_admin_does_not_touch_an_owner(acme, owner, admin, client_of, reload, said, name):
    response = client_of(acme, admin).post(url(name, owner), {"role": "member"}, follow=True)

    assert (reload(acme, owner).role, owner.is_active) == ("owner", True)
    assert said(response) == ["Only an owner can do that."]


@pytest.mark.parametrize("name", ["change-role", "deactivate"])
def test_nobody_changes_themselves(acme, console, owner, reload, said, name):
    response = console.post(url(name, owner), {"role": "member"}, follow=True)

    assert (reload(acme, owner).role, owner.is_active) == ("owner", True)
    assert said(response) == [
        "You can't change your own role or deactivate yourself. Another administrator can."
    ]


def test_the_own_page_says_who_can_change_it(acme, console, owner, admin, client_of, make_user):
    alone = console.get(url("member", owner)).text
    make_user(acme, "ora@acme.test", role="owner")
    beside_another = console.get(url("member", owner)).text
    of_an_admin = client_of(acme, admin).get(url("member", admin)).text

    assert "You are the only owner. Make another member an owner first." in alone
    assert "You can&#x27;t change your own role. Another owner can." in beside_another
    assert "You can&#x27;t change your own role. An owner can." in of_an_admin


def test_the_page_offers_only_what_would_work(acme, owner, admin, member, client_of):
    client = client_of(acme, admin)

    assert "Only an owner can do that." in client.get(url("member", owner)).text
    assert 'action="' + url("change-role", owner) not in client.get(url("member", owner)).text
    assert 'action="' + url("change-role", admin) not in client.get(url("member", admin)).text
    assert 'action="' + url("change-role", member) in client.get(url("member", member)).text
    assert 'value="owner"' not in client.get(url("member", member)).text


def test_deactivating_asks_first(acme, console, member, reload):
    response = console.get(url("deactivate", member))

    assert "Deactivate Mia Member?" in response.text
    assert reload(acme, member).is_active


def test_deactivating_ends_the_sessions(acme, console, member, client_of, reload, said):
    theirs = client_of(acme, member)
    with workspace_context(acme):
        key = theirs.session.session_key
        # What a real sign-in notes; the test client's goes round it.
        UserSession.objects.create(user=member, session_key=key, ip="192.0.2.1", user_agent="")

    response = console.post(url("deactivate", member), follow=True)

    assert not reload(acme, member).is_active
    assert said(response) == ["Mia Member is deactivated and signed out everywhere."]
    assert theirs.get("/").status_code == 302
    with workspace_context(acme):
        assert not Session.objects.filter(session_key=key).exists()
        assert Session.objects.count() == 1  # The owner's own.


def test_reactivating_lets_them_in_again(acme, console, member, reload, said):
    console.post(url("deactivate", member))

    response = console.post(url("reactivate", member), follow=True)

    assert reload(acme, member).is_active
    assert said(response)[-1] == "Mia Member can sign in again."


def test_the_last_owner_stays(acme, owner, make_user, client_of, reload, said, monkeypatch):
    second = make_user(acme, "second@acme.test", role="owner")
    client = client_of(acme, second)
    refuse = members._refuse_beyond_reach

    def lose_the_role_meanwhile(*arguments):
        refuse(*arguments)
        User.objects.filter(pk=second.pk).update(role="member")

    monkeypatch.setattr(members, "_refuse_beyond_reach", lose_the_role_meanwhile)

    response = client.post(url("deactivate", owner))

    assert reload(acme, owner).is_active
    stored = [str(message) for message in get_messages(response.wsgi_request)]
    assert stored == ["A workspace needs an owner: make another member an owner first."]


def test_the_page_costs_the_same_for_one_message_and_for_three(acme, console, member):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            console.get(url("member", member))
        return len(queries)

    console.get(url("member", member))
    with_one = cost()
    with workspace_context(acme):
        for number in range(2):
            Message.objects.create(
                schema_name=acme.schema_name,
                kind="welcome",
                task="x",
                key=str(number),
                user_id=member.pk,
            )

    assert len(console.get(url("member", member)).context["entries"]) == 3
    assert cost() == with_one
