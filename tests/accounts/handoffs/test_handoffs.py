"""From the base host to the tenant's own: once, within a minute, for its owner alone."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts.handoffs.services import issue_handoff
from accounts.models import Handoff
from tenancy.context import workspace_context


@pytest.fixture
def handoff():
    def make(tenant, user):
        with workspace_context(tenant):
            return f"/accounts/handoff/?token={issue_handoff(user=user)}"

    return make


def who(client):
    """Return who a client is signed in as: the address on their profile page."""
    response = client.get("/account/")
    return response.context["request"].user.email if response.status_code == 200 else None


def test_it_signs_the_owner_in_and_goes_on_without_the_token(acme, make_user, client_of, handoff):
    owner = make_user(acme, role="owner", verified=False)
    client = client_of(acme)

    response = client.get(handoff(acme, owner))

    assert (response.status_code, response.url) == (302, "/console/")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response.headers["Cache-Control"]
    assert who(client) == owner.email


def test_it_lists_the_session_where_it_can_be_ended(acme, make_user, client_of, handoff):
    owner = make_user(acme, role="owner", verified=False)

    client_of(acme).get(handoff(acme, owner))

    with workspace_context(acme):
        assert UserSession.objects.get().user == owner


def test_it_sends_the_code_that_confirms_the_address(
    acme, make_user, client_of, handoff, outbox_of
):
    owner = make_user(acme, role="owner", verified=False)

    client_of(acme).get(handoff(acme, owner))

    assert [(m["kind"], m["to"]) for m in outbox_of(acme)] == [
        ("email_confirmation_code", owner.email)
    ]


def test_it_works_once(acme, make_user, client_of, handoff, visible):
    owner = make_user(acme, role="owner")
    link = handoff(acme, owner)
    client_of(acme).get(link)
    thief = client_of(acme)

    response = thief.get(link)

    assert response.url == "/accounts/login/"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "This link has been used or has expired" in visible(thief.get(response.url))
    assert who(thief) is None


def test_a_second_click_of_the_owner_goes_on(acme, make_user, client_of, handoff):
    owner = make_user(acme, role="owner")
    link, client = handoff(acme, owner), client_of(acme)
    client.get(link)

    response = client.get(link)

    assert (response.status_code, response.url) == (302, "/")


def test_it_ends_after_a_minute(acme, make_user, client_of, handoff):
    link, client = handoff(acme, make_user(acme, role="owner")), client_of(acme)
    with workspace_context(acme):
        Handoff.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    client.get(link)

    assert who(client) is None


@pytest.mark.parametrize("method", ["head", "post", "options"])
def test_only_a_get_uses_it_up(acme, make_user, client_of, handoff, method):
    owner = make_user(acme, role="owner")
    link, client = handoff(acme, owner), client_of(acme)

    response = getattr(client, method)(link)

    assert response.status_code == 405
    client.get(link)
    assert who(client) == owner.email


def test_it_changes_nobody_elses_session(acme, make_user, client_of, handoff, visible):
    owner = make_user(acme, "owner@example.test", role="owner")
    other = make_user(acme, "other@example.test")
    link, client = handoff(acme, owner), client_of(acme, other)

    response = client.get(link)

    assert response.status_code == 403
    assert "In this browser you are other@example.test." in visible(response)
    assert "owner@example.test" not in visible(response)
    assert who(client) == other.email
    # It has been in the wrong browser: it is nobody's any more.
    stranger = client_of(acme)
    stranger.get(link)
    assert who(stranger) is None


def test_it_opens_no_other_tenant(acme, globex, make_user, client_of, handoff):
    owner = make_user(acme, role="owner")
    make_user(globex, role="owner")
    link, there = handoff(acme, owner), client_of(globex)

    there.get(link)

    assert who(there) is None
    here = client_of(acme)
    here.get(link)
    assert who(here) == owner.email


def test_it_lets_no_deactivated_owner_in(acme, make_user, client_of, handoff):
    link = handoff(acme, make_user(acme, role="owner", is_active=False))
    client = client_of(acme)

    client.get(link)

    assert who(client) is None
