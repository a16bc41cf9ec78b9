"""Joining by invitation: the e-mail's link, the form, and who may not."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts.access.errors import NotAllowedError, UnverifiedError
from accounts.invitations import services as invitation_services
from accounts.invitations.errors import InvitationGoneError
from accounts.members import services as member_services
from accounts.models import Invitation, User
from tasks.models import Message
from tenancy.context import workspace_context
from tests.accounts.steps import is_in, people
from tests.contexts import public_context
from tests.fixtures import PASSWORD

PAGE = "/accounts/invitation/"


@pytest.fixture
def owner(acme, make_user):
    return make_user(acme, "owner@example.test", role="owner", full_name="Olive Owner")


@pytest.fixture
def link(acme, owner, outbox_of):
    """Invite Grace, and return the path of the link in her e-mail."""
    with workspace_context(acme):
        invitation_services.invite(email="grace@example.test", role="admin", by=owner)
    return outbox_of(acme)[-1]["context"]["url"].removeprefix(acme.origin)


def typed(**changes):
    return {"full_name": "Grace Hopper", "password": PASSWORD, "terms": "on", **changes}


def test_the_page_says_who_invites_to_what(acme, client_of, link, visible):
    page = visible(client_of(acme).get(link, follow=True))

    assert "Olive Owner invites you to Acme." in page
    assert "Your role: Admin" in page


def test_the_token_leaves_the_address_at_once(acme, client_of, link):
    client = client_of(acme)

    response = client.get(link)

    assert (response.status_code, response.url) == (302, PAGE)
    assert response.headers["Referrer-Policy"] == "no-referrer"
    token = link.partition("token=")[2]
    assert token not in client.get(PAGE).content.decode()


def test_joining_makes_a_member_who_is_in_confirmed_and_welcomed(acme, client_of, link):
    client = client_of(acme)
    client.get(link)

    response = client.post(PAGE, typed())

    assert (response.status_code, response.url) == (302, "/")
    assert is_in(client)
    with workspace_context(acme):
        grace = User.objects.select_related("profile").get(email="grace@example.test")
        assert (grace.full_name, grace.role) == ("Grace Hopper", "admin")
        assert grace.check_password(PASSWORD)
        assert EmailAddress.objects.get(user=grace).verified
        assert UserSession.objects.get().user == grace
        assert Invitation.objects.get().accepted_at
    with public_context():
        mine = Message.objects.filter(schema_name=acme.schema_name, user_id=grace.pk)
        assert [message.kind for message in mine] == ["welcome"]


def test_the_language_of_the_page_becomes_the_members(acme, client_of, link):
    client = client_of(acme, headers={"accept-language": "ko"})
    client.get(link)

    client.post(PAGE, typed())

    with workspace_context(acme):
        assert User.objects.get(email="grace@example.test").language == "ko"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"full_name": ""}, "This field is required."),
        ({"full_name": "win at www.evil.test"}, "A name can&#x27;t hold a web or mail address."),
        ({"password": "short"}, "This password is too short."),
        ({"password": "grace@example.test"}, "too similar to the e-mail address"),
        ({"password": "Acme-acme-2026"}, "This password is made of the workspace&#x27;s name."),
        ({"terms": ""}, "Accept the terms to go on."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(acme, client_of, link, change, said):
    client = client_of(acme)
    client.get(link)

    response = client.post(PAGE, typed(**change))

    page = response.content.decode()
    assert response.status_code == 422
    assert said in page
    for value in typed(**change).values():
        assert value == "on" or f'value="{value}"' in page or not value
    assert people(acme) == {"owner@example.test"}


def test_a_second_click_goes_on(acme, client_of, link):
    client = client_of(acme)
    client.get(link)
    client.post(PAGE, typed())

    again = client.post(PAGE, typed())
    back = client.get(PAGE)

    assert (again.url, back.url) == ("/", "/")
    assert people(acme) == {"owner@example.test", "grace@example.test"}


def test_the_link_is_used_up(acme, client_of, link, visible):
    first = client_of(acme)
    first.get(link)
    first.post(PAGE, typed())
    second = client_of(acme)

    response = second.get(link)

    assert response.status_code == 410
    assert "This invitation has been accepted already. Sign in" in visible(response)
    assert "no longer valid" not in visible(response)
    assert 'href="/accounts/login/"' in response.content.decode()
    assert not is_in(second)
    # The member who follows it again is told the same, and shown the way in.
    assert "Go to Acme" in visible(first.get(link))


def test_two_browsers_make_one_member(acme, client_of, link):
    first, second = client_of(acme), client_of(acme)
    first.get(link)
    second.get(link)
    first.post(PAGE, typed())

    response = second.post(PAGE, typed(full_name="Mallory"))

    assert response.status_code == 410
    assert not is_in(second)
    with workspace_context(acme):
        assert User.objects.get(email="grace@example.test").full_name == "Grace Hopper"


@pytest.mark.parametrize(
    "ending",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(minutes=1)},
        {"token_hash": "somebody sent it again"},
    ],
    ids=["revoked", "expired", "replaced"],
)
def test_an_ended_invitation_lets_nobody_in(acme, client_of, link, ending):
    client = client_of(acme)
    client.get(link)
    with workspace_context(acme):
        Invitation.objects.update(**ending)

    response = client.post(PAGE, typed())

    assert response.status_code == 410
    assert client_of(acme).get(link).status_code == 410
    assert people(acme) == {"owner@example.test"}


def test_who_came_in_otherwise_is_told(acme, make_user, client_of, link, visible):
    client = client_of(acme)
    client.get(link)
    make_user(acme, "grace@example.test")

    response = client.post(PAGE, typed())

    assert response.status_code == 410
    assert "This address already belongs to a member of this workspace." in visible(response)
    assert not is_in(client)


def test_it_changes_nobody_elses_session(acme, owner, client_of, link, visible):
    client = client_of(acme, owner)

    response = client.get(link)

    assert response.status_code == 403
    assert "In this browser you are owner@example.test." in visible(response)
    assert "The invitation is for grace@example.test." in visible(response)
    client.post(PAGE, typed())
    assert people(acme) == {"owner@example.test"}
    # It still waits for the one it is for.
    assert client_of(acme).get(link).url == PAGE


def test_an_invitation_opens_no_other_tenant(acme, globex, make_user, client_of, link):
    make_user(globex, role="owner")
    there = client_of(globex)

    response = there.get(link)
    there.post(PAGE, typed())

    assert response.status_code == 410
    assert people(globex) == {"ada@example.test"}
    assert people(acme) == {"owner@example.test"}


def test_no_token_is_no_invitation(acme, owner, client_of, link):
    assert client_of(acme).get(PAGE).status_code == 410
    assert client_of(acme).get(f"{PAGE}?token=").status_code == 410
    assert client_of(acme).post(PAGE, typed()).status_code == 410


def test_the_unverified_invite_nobody(acme, make_user):
    owner = make_user(acme, "new@acme.test", role="owner", verified=False)

    with workspace_context(acme):
        with pytest.raises(UnverifiedError):
            invitation_services.invite(email="ada@stranger.test", role="member", by=owner)

        assert not Invitation.objects.exists()


@pytest.mark.parametrize("change", ["deactivate", "demote"])
def test_whoever_loses_their_reach_does_not_come_back_by_a_link_of_their_own(
    acme, owner, make_user, client_of, outbox_of, change
):
    admin = make_user(acme, "admin@example.test", role="admin")
    with workspace_context(acme):
        invitation_services.invite(email="spare@example.test", role="admin", by=admin)
        link = outbox_of(acme)[-1]["context"]["url"].removeprefix(acme.origin)
        if change == "deactivate":
            member_services.deactivate(user=admin, by=owner)
        else:
            member_services.change_role(user=admin, role="member", by=owner)

    assert client_of(acme).get(link).status_code == 410


def test_an_invitation_is_worth_what_its_inviter_may_do_now(acme, owner, make_user, outbox_of):
    admin = make_user(acme, "admin@example.test", role="admin")
    with workspace_context(acme):
        invitation_services.invite(email="spare@example.test", role="admin", by=admin)
        token = outbox_of(acme)[-1]["context"]["url"].split("token=")[1]
        User.objects.filter(pk=admin.pk).update(is_active=False)

        with pytest.raises(InvitationGoneError):
            invitation_services.accept_invitation(token=token, full_name="Back", password_hash="x")


def test_roles_are_judged_as_they_are_and_not_as_they_were_read(acme, owner, make_user):
    admin, member = (make_user(acme, f"{r}@example.test", role=r) for r in ("admin", "member"))
    with workspace_context(acme):
        stale = User.objects.get(pk=member.pk)
        member_services.change_role(user=member, role="owner", by=owner)

        with pytest.raises(NotAllowedError):
            member_services.deactivate(user=stale, by=admin)
