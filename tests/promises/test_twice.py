"""Twice is once: at a double click, when the answer is lost, when the form is sent again.

Each is sent by several requests at the same time, as one browser sends them: with the same
cookies, from the same page. One thing happens, and whichever answer the person sees leads
to the same place.
"""

import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from accounts.invitations import services
from accounts.models import Handoff, Invitation, User
from tasks.models import Message
from tenancy.context import workspace_context
from tenants.lifecycle import services as tenant_services
from tenants.lifecycle.errors import TenantStateError
from tenants.models import DirectoryEntry, Domain, Tenant
from tests.accounts.steps import is_in
from tests.clients import Client
from tests.contexts import public_context
from tests.fixtures import PASSWORD
from tests.racing import at_once

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def times(full):
    """How many requests come at once."""
    return 8 if full else 3


def sent(client, path, typed):
    """Send a form as the same browser would once more; return where the answer leads."""
    again = Client(SERVER_NAME=client.defaults["SERVER_NAME"])
    again.cookies = client.cookies.copy()
    answer = again.post(path, typed)
    return answer.status_code, answer.headers.get("Location", "")


def count(model, **narrowed):
    with public_context():
        return model.objects.filter(**narrowed).count()


def tenant_of(slug):
    with public_context():
        return Tenant.objects.get(slug=slug)


# --- Sign-up ---


def test_a_sign_up(base_client, sign_up_data, times, figure):
    typed = sign_up_data(idempotency_key=str(uuid.uuid4()))

    answers = at_once(times, lambda _: sent(base_client, "/signup/", typed))

    places = {(status, urlsplit(url)._replace(query="").geturl()) for status, url in answers}
    assert places == {(303, f"{tenant_of('initech').origin}/accounts/handoff/")}
    assert len({url for _, url in answers}) == times, "each has a way in of its own"
    assert count(Tenant, slug="initech") == count(Domain, domain="initech.localhost") == 1
    assert count(DirectoryEntry) == count(Message, kind="welcome") == 1
    with workspace_context(tenant_of("initech")):
        assert User.objects.count() == 1
        assert Handoff.objects.count() == times
    landed = [Client(SERVER_NAME="initech.localhost").get(url, follow=True) for _, url in answers]
    assert {page.redirect_chain[-1][0] for page in landed} == {"/console/"}
    figure("twice", "sign-ups sent at once that opened one tenant", times)


def test_a_sign_up_whose_answer_was_lost(base_client, sign_up_data):
    typed = sign_up_data(idempotency_key=str(uuid.uuid4()))
    sent(base_client, "/signup/", typed)

    status, url = sent(base_client, "/signup/", typed)

    visitor = Client(SERVER_NAME="initech.localhost")
    assert visitor.get(url, follow=True).redirect_chain[-1][0] == "/console/"
    assert status == 303
    assert count(Message, kind="welcome") == 1


def test_a_stolen_key_opens_nothing(base_client, sign_up_data):
    typed = sign_up_data(idempotency_key=str(uuid.uuid4()))
    sent(base_client, "/signup/", typed)

    for change in (
        {"password": "another horse, another battery"},
        {"email": "mallory@example.test"},
        {"idempotency_key": str(uuid.uuid4())},
    ):
        status, url = sent(base_client, "/signup/", {**typed, **change})
        assert (status, url) == (422, "")
    with workspace_context(tenant_of("initech")):
        assert Handoff.objects.count() == 1


def test_an_old_form_signs_nobody_in(base_client, sign_up_data):
    typed = sign_up_data(idempotency_key=str(uuid.uuid4()))
    sent(base_client, "/signup/", typed)
    with public_context():
        long_ago = timezone.now() - timedelta(minutes=61)
        Tenant.objects.filter(slug="initech").update(created_at=long_ago)

    assert sent(base_client, "/signup/", typed) == (422, "")


def test_a_handoff(base_client, sign_up_data, times):
    typed = sign_up_data(idempotency_key=str(uuid.uuid4()))
    _status, url = sent(base_client, "/signup/", typed)

    def take(_number):
        return Client(SERVER_NAME="initech.localhost").get(url).headers["Location"]

    places = at_once(times, take)

    # One is in. The others have no session of hers; in her browser the page of the sign-in
    # finds the one that the first has brought, and leads on.
    assert sorted(places) == ["/accounts/login/"] * (times - 1) + ["/console/"]


# --- Invitations ---


@pytest.fixture
def owner(acme, make_user):
    return make_user(acme, "owner@example.test", role="owner", full_name="Olive Owner")


@pytest.fixture
def console(acme, owner, client_of):
    return client_of(acme, owner)


def test_an_invitation(acme, console, times):
    typed = {"addresses": "grace@example.test", "role": "member", "language": "en"}

    answers = at_once(times, lambda _: sent(console, "/console/members/invite/", typed))

    assert set(answers) == {(302, "/console/members/")}
    with workspace_context(acme):
        assert Invitation.objects.count() == 1
    assert count(Message, kind="invitation") == 1


def test_another_wish_is_no_double_click(acme, console, owner, make_user, client_of):
    typed = {"addresses": "grace@example.test", "role": "member", "language": "en"}
    sent(console, "/console/members/invite/", typed)
    other = client_of(acme, make_user(acme, "adam@example.test", role="admin"))

    assert sent(console, "/console/members/invite/", {**typed, "role": "admin"})[0] == 422
    assert sent(other, "/console/members/invite/", typed)[0] == 422
    with workspace_context(acme):
        Invitation.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert sent(console, "/console/members/invite/", typed)[0] == 422


@pytest.fixture
def invited(acme, owner, client_of):
    """A browser in which the invitation's page is open, and what is typed there."""
    from tasks.payloads import decrypt

    with workspace_context(acme):
        invitation = services.invite(email="grace@example.test", role="member", by=owner)
    with public_context():
        email = decrypt(Message.objects.get(kind="invitation"))
    client = client_of(acme)
    client.get(email["context"]["url"].removeprefix(acme.origin))
    page = client.get("/accounts/invitation/").content.decode()
    assert f'name="invitation" value="{invitation.pk}"' in page
    form = {"full_name": "Grace Hopper", "password": PASSWORD, "terms": "on"}
    return client, {**form, "invitation": str(invitation.pk)}


def members(acme):
    with workspace_context(acme):
        return User.objects.filter(email="grace@example.test").count()


def test_an_acceptance(acme, invited, times):
    client, typed = invited

    answers = at_once(times, lambda _: sent(client, "/accounts/invitation/", typed))

    assert set(answers) == {(302, "/")}
    assert members(acme) == count(Message, kind="welcome", schema_name=acme.schema_name) - 1 == 1


def test_an_acceptance_whose_answer_was_lost(acme, invited):
    client, typed = invited
    old = Client(SERVER_NAME=acme.host)
    old.cookies = client.cookies.copy()
    client.post("/accounts/invitation/", typed)

    answer = old.post("/accounts/invitation/", typed)

    assert (answer.status_code, answer.url) == (302, "/")
    assert is_in(old)
    assert members(acme) == 1


def test_an_accepted_invitation_lets_nobody_in_without_the_password(acme, globex, invited):
    client, typed = invited
    client.post("/accounts/invitation/", typed)
    stranger, elsewhere = Client(SERVER_NAME=acme.host), Client(SERVER_NAME=globex.host)

    wrong = stranger.post("/accounts/invitation/", {**typed, "password": "a wrong password"})
    odd = stranger.post("/accounts/invitation/", {**typed, "invitation": "no id"})
    other_tenant = elsewhere.post("/accounts/invitation/", typed)
    with workspace_context(acme):
        Invitation.objects.update(accepted_at=timezone.now() - timedelta(minutes=16))
    late = stranger.post("/accounts/invitation/", typed)

    assert {a.status_code for a in (wrong, odd, other_tenant, late)} == {410}
    assert not is_in(stranger)


def test_an_email_that_is_sent_again(acme, console, owner, times):
    with workspace_context(acme):
        invitation = services.invite(email="grace@example.test", role="member", by=owner)

    path = f"/console/invitations/{invitation.pk}/resend/"
    answers = at_once(times, lambda _: sent(console, path, {}))

    assert set(answers) == {(302, "/console/members/")}
    assert count(Message, kind="invitation") == 2, "the first, and one more"


# --- Codes, profiles, settings ---


def test_a_code(acme, make_user, client_of, times):
    from allauth.account.models import EmailAddress

    from tasks.payloads import decrypt

    client = client_of(acme, make_user(acme, verified=False, role="owner"))
    client.post("/accounts/verify/")
    with public_context():
        code = decrypt(Message.objects.get(kind="email_confirmation_code"))["context"]["code"]
    page = "/accounts/confirm-email/"

    answers = at_once(min(times, 3), lambda _: sent(client, page, {"code": code}))
    answers.append(sent(client, page, {"code": code}))

    assert set(answers) == {(302, "/console/")}
    with workspace_context(acme):
        assert EmailAddress.objects.get().verified


def test_a_profile(acme, make_user, client_of, times):
    ada = make_user(acme)
    client = client_of(acme, ada)
    typed = {"full_name": "Ada King", "language": "en", "time_zone": "UTC", "job_title": "Countess"}

    answers = at_once(times, lambda _: sent(client, "/account/", typed))

    assert set(answers) == {(302, "/account/")}
    with workspace_context(acme):
        assert User.objects.select_related("profile").get().profile.job_title == "Countess"
    assert count(Message, kind="welcome") == 1


def test_the_workspaces_settings(acme, console, times):
    typed = {"name": "Acme Ltd", "language": "ko"}

    answers = at_once(times, lambda _: sent(console, "/console/settings/", typed))

    assert set(answers) == {(302, "/console/settings/")}
    assert (tenant_of("acme").name, tenant_of("acme").language) == ("Acme Ltd", "ko")


def test_a_suspension(acme, globex, times):
    def suspend(_number):
        try:
            tenant_services.suspend(tenant=tenant_of("acme"))
        except TenantStateError:
            return "was"
        return "is"

    assert sorted(at_once(times, suspend)) == ["is"] + ["was"] * (times - 1)
    assert (tenant_of("acme").status, tenant_of("globex").status) == ("suspended", "active")
