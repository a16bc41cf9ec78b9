"""Confirming one's address: by a code, in the browser that asked for it, in one tenant."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.urls import path

from accounts.access.decorators import verified_only
from accounts.onboarding.emails import send_welcome
from tasks import mail
from tasks.models import Message
from tenancy.context import workspace_context
from tests.accounts.steps import sign_in
from tests.fixtures import PASSWORD

PAGE = "/accounts/confirm-email/"


def render_email(tenant, email):
    said = {name: email[name] for name in ("template", "to", "language", "context")}
    with workspace_context(tenant):
        return mail.render(mail.EmailContent(**said))


def is_confirmed(tenant, email):
    with workspace_context(tenant):
        return EmailAddress.objects.get(email=email, primary=True).verified


def test_the_banner_leads_to_the_code_and_goes_when_it_is_entered(
    acme, make_user, client_of, code_of, visible
):
    user = make_user(acme, verified=False)
    client = client_of(acme, user)
    assert f"Please confirm {user.email}" in visible(client.get("/account/"))

    asked = client.post("/accounts/verify/")
    confirmed = client.post(asked.url, {"code": code_of(acme)})

    assert asked.url == PAGE
    assert confirmed.url == "/"
    assert is_confirmed(acme, user.email)
    assert "Please confirm" not in visible(client.get("/account/"))


def test_looking_sends_nothing(acme, make_user, client_of, outbox_of, visible):
    client = client_of(acme, make_user(acme, verified=False))

    response = client.get("/accounts/verify/?next=/account/")

    assert "Send the code" in visible(response)
    assert 'name="next" value="/account/"' in response.content.decode()
    assert outbox_of(acme) == []


def test_a_code_on_its_way_is_not_sent_again(acme, make_user, client_of, outbox_of):
    client = client_of(acme, make_user(acme, verified=False))
    client.post("/accounts/verify/")

    response = client.get("/accounts/verify/")

    assert response.url == PAGE
    assert len(outbox_of(acme)) == 1


def test_a_new_code_can_be_asked_for(acme, make_user, client_of, outbox_of, code_of):
    user = make_user(acme, verified=False)
    client = client_of(acme, user)
    client.post("/accounts/verify/")
    first = code_of(acme)

    client.post(PAGE, {"action": "resend"})

    assert len(outbox_of(acme)) == 2
    client.post(PAGE, {"code": first})
    assert not is_confirmed(acme, user.email)
    client.post(PAGE, {"code": code_of(acme)})
    assert is_confirmed(acme, user.email)


def test_the_confirmed_go_on(acme, make_user, client_of, outbox_of):
    client = client_of(acme, make_user(acme))

    assert client.get("/accounts/verify/").url == "/"
    assert client.post("/accounts/verify/").url == "/"
    assert outbox_of(acme) == []


def test_visitors_sign_in_first(acme, client_of):
    assert client_of(acme).get("/accounts/verify/").url.startswith("/accounts/login/?next=")


def test_the_third_wrong_code_ends_the_try(acme, make_user, client_of, code_of):
    user = make_user(acme, verified=False)
    client = client_of(acme, user)
    client.post("/accounts/verify/")
    right = code_of(acme)
    for _ in range(3):
        client.post(PAGE, {"code": "WRONG1"})

    client.post(PAGE, {"code": right})

    assert not is_confirmed(acme, user.email)


def test_too_many_wrong_codes_lead_to_where_a_new_one_is_sent(
    acme, make_user, client_of, code_of, visible
):
    client = client_of(acme, make_user(acme, verified=False))
    client.post("/accounts/verify/")
    for _ in range(2):
        assert "Incorrect code." in visible(client.post(PAGE, {"code": "WRONG1"}))

    response = client.post(PAGE, {"code": "WRONG1", "next": "/account/"})

    assert response.url == "/accounts/verify/?next=%2Faccount%2F"
    page = visible(client.get(response.url))
    assert "Those were too many wrong codes. Send a new one." in page
    assert "Too many failed login attempts" not in page


def test_too_many_wrong_codes_at_sign_in_start_over(acme, make_user, client_of, visible):
    user, client = make_user(acme, verified=False), client_of(acme)
    sign_in(client, user.email)
    for _ in range(2):
        client.post(PAGE, {"code": "WRONG1"})

    response = client.post(PAGE, {"code": "WRONG1"})

    assert response.url == "/accounts/login/"
    page = visible(client.get(response.url))
    assert "Those were too many wrong codes. Sign in again" in page
    assert "Too many failed login attempts" not in page


def test_the_page_and_the_email_say_for_how_long_and_what_a_code_looks_like(
    acme, make_user, client_of, outbox_of, visible
):
    client = client_of(acme, make_user(acme, verified=False))
    client.post("/accounts/verify/")

    response = client.get(PAGE)

    assert "Enter it here within 15 minutes." in visible(response)
    field = re.search(r'<input[^>]*name="code"[^>]*>', response.content.decode())[0]
    assert 'placeholder="XXXX-XXXX"' in field
    assert 'autocomplete="one-time-code"' in field
    assert "autofocus" in field
    email = render_email(acme, outbox_of(acme)[-1])
    assert "It is valid for 15 minutes." in email.body
    assert f"{acme.origin}{PAGE}" in email.body
    assert f'href="{acme.origin}{PAGE}"' in email.alternatives[0][0]


@pytest.mark.parametrize("verified", [False, True])
def test_the_welcome_begins_with_the_address_where_it_is_unconfirmed(acme, make_user, verified):
    user = make_user(acme, verified=verified)
    with workspace_context(acme):
        email = mail.render(send_welcome.run(Message(user_id=user.pk)))

    page = f"{acme.origin}/accounts/verify/"
    assert (page in email.body) is not verified
    assert (page in email.alternatives[0][0]) is not verified
    steps = email.body.partition("Good first steps:")[2].strip()
    assert steps.startswith("- Complete" if verified else "- Confirm your address:")


@pytest.mark.parametrize(
    ("role", "start"), [("owner", "/console/"), ("admin", "/console/"), ("member", "/")]
)
def test_the_confirmed_begin_where_they_have_something_to_do(
    acme, make_user, client_of, code_of, role, start
):
    inside = make_user(acme, verified=False, role=role)
    outside = make_user(acme, "bob@example.test", verified=False, role=role)
    client_inside, client_outside = client_of(acme, inside), client_of(acme)
    client_inside.post("/accounts/verify/")
    done_inside = client_inside.post(PAGE, {"code": code_of(acme)})
    sign_in(client_outside, outside.email)

    done_outside = client_outside.post(PAGE, {"code": code_of(acme)})

    assert (done_inside.url, done_outside.url) == (start, start)


def test_a_code_confirms_nothing_in_another_tenant(acme, globex, make_user, client_of, code_of):
    here, there = make_user(acme, verified=False), make_user(globex, verified=False)
    client_here, client_there = client_of(acme, here), client_of(globex, there)
    client_here.post("/accounts/verify/")
    client_there.post("/accounts/verify/")

    client_there.post(PAGE, {"code": code_of(acme)})

    assert not is_confirmed(globex, there.email)
    assert not is_confirmed(acme, here.email)


def test_a_code_confirms_nothing_in_another_browser(acme, make_user, client_of, code_of):
    user = make_user(acme, verified=False)
    client_of(acme, user).post("/accounts/verify/")

    response = client_of(acme, user).post(PAGE, {"code": code_of(acme)})

    assert response.url == "/accounts/verify/"
    assert not is_confirmed(acme, user.email)


def test_signing_in_unconfirmed_asks_for_the_code_first(acme, make_user, client_of, code_of):
    user = make_user(acme, verified=False)
    client = client_of(acme)

    response = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    assert response.url == PAGE
    assert client.get("/").status_code == 302
    response = client.post(PAGE, {"code": code_of(acme)})
    assert response.url == "/"
    assert client.get("/").status_code == 200
    assert is_confirmed(acme, user.email)


def test_the_email_is_worth_as_long_as_its_code(acme, make_user, client_of, outbox_of, settings):
    from datetime import timedelta

    from django.utils import timezone

    client_of(acme, make_user(acme, verified=False)).post("/accounts/verify/")

    left = outbox_of(acme)[-1]["expires_at"] - timezone.now()
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)


# --- What the unconfirmed may not do ---


@verified_only
def guarded(request):
    from django.http import HttpResponse

    return HttpResponse("through")


class Routes:
    """The tenant's routes, with a page for the confirmed alone."""

    def __init__(self):
        from saas.urls import tenant

        self.urlpatterns = [*tenant.urlpatterns, path("guarded/", guarded)]


@pytest.fixture
def routes(settings):
    settings.ROOT_URLCONF = Routes()


def test_a_guarded_page_comes_back_after_the_code(
    acme, make_user, client_of, code_of, routes, visible
):
    client = client_of(acme, make_user(acme, verified=False))

    sent_away = client.get("/guarded/?tab=2")
    asked = client.post(sent_away.url)
    done = client.post(asked.url, {"code": code_of(acme), "next": "/guarded/?tab=2"})

    assert sent_away.url == "/accounts/verify/?next=%2Fguarded%2F%3Ftab%3D2"
    assert asked.url == f"{PAGE}?next=%2Fguarded%2F%3Ftab%3D2"
    assert done.url == "/guarded/?tab=2"
    assert client.get(done.url).content == b"through"


def test_a_guarded_form_is_not_sent_again(acme, make_user, client_of, routes):
    client = client_of(acme, make_user(acme, verified=False))

    assert client.post("/guarded/").url == "/accounts/verify/"


def test_the_banner_costs_one_query(acme, make_user, client_of, django_assert_num_queries):
    client = client_of(acme, make_user(acme))
    client.get("/account/")

    # Session, person with profile, and whether the address is confirmed.
    with django_assert_num_queries(3):
        client.get("/account/")
