"""Who may open the console: owners and admins, and what the others are told."""

import uuid

import pytest
from django.urls import reverse

from tenancy.context import workspace_context

PAGES = ["overview", "members", "invite", "messages", "settings"]


def url(name, *arguments):
    return reverse(f"console:{name}", args=arguments)


def ids(owner, messages_of, acme):
    """Every page about one thing, with things that exist."""
    message = messages_of(acme, "welcome")[0]
    return [
        url("member", owner.pk),
        url("deactivate", owner.pk),
        url("message", message.pk),
        url("message-content", message.pk),
    ]


@pytest.mark.parametrize("page", PAGES)
def test_owners_and_admins_come_in(acme, owner, admin, client_of, page):
    assert client_of(acme, owner).get(url(page)).status_code == 200
    assert client_of(acme, admin).get(url(page)).status_code == 200


def test_other_members_are_refused_clearly(acme, owner, member, client_of, messages_of):
    client = client_of(acme, member)

    for address in [*map(url, PAGES), *ids(owner, messages_of, acme)]:
        response = client.get(address)
        assert response.status_code == 403, address
        assert "This door is closed to you" in response.text


def test_visitors_are_led_to_the_sign_in(acme, owner, client_of, messages_of):
    for address in [*map(url, PAGES), *ids(owner, messages_of, acme)]:
        response = client_of(acme).get(address)
        assert (response.status_code, response.headers["Location"]) == (
            302,
            f"{reverse('account_login')}?next={address}",
        )


def test_a_list_leads_the_whole_page_to_the_sign_in(acme, client_of):
    response = client_of(acme).get(url("members"), headers={"HX-Request": "true"})

    assert response.headers["HX-Redirect"].startswith(reverse("account_login"))


def test_a_session_from_next_door_opens_nothing(acme, owner, stranger, globex, client_of):
    client = client_of(globex, stranger)

    response = client.get(url("members"), SERVER_NAME=acme.host)

    assert response.status_code == 302


def test_a_deactivated_admin_is_out(acme, admin, client_of, reload):
    client = client_of(acme, admin)
    admin.is_active = False
    with workspace_context(acme):
        admin.save(update_fields=["is_active"])

    assert client.get(url("overview")).status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_nobody_keeps_a_copy_of_a_page(console, page):
    assert "no-store" in console.get(url(page)).headers["Cache-Control"]


@pytest.mark.parametrize(
    "name", ["member", "deactivate", "invitation-revoke", "message", "message-content"]
)
def test_what_does_not_exist_is_not_found(console, name):
    assert console.get(url(name, uuid.uuid4())).status_code == 404


# What takes POSTs alone, and the page with its button.
CHANGES = {
    "change-role": "member",
    "reactivate": "member",
    "invitation-resend": "members",
    "message-resend": "message",
}


@pytest.mark.parametrize(("name", "page"), CHANGES.items())
def test_a_link_changes_nothing_and_leads_to_the_page_with_the_button(console, name, page):
    pk = uuid.uuid4()

    response = console.get(url(name, pk))

    assert response.url == (url(page) if page == "members" else url(page, pk))
    assert console.put(url(name, pk)).status_code == 405


@pytest.mark.parametrize("name", [*CHANGES, "deactivate", "invitation-revoke"])
def test_who_is_not_verified_changes_nothing(acme, unverified, client_of, name):
    response = client_of(acme, unverified).post(url(name, uuid.uuid4()))

    assert (response.status_code, response.headers["Location"]) == (302, reverse("verify-email"))


def test_a_change_wants_its_token(acme, owner, member, client_of, reload):
    client = client_of(acme, owner, enforce_csrf_checks=True)

    response = client.post(url("deactivate", member.pk))

    assert response.status_code == 403
    assert reload(acme, member).is_active
