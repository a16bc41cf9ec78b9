"""allauth as we run it: closed sign-up, and ways in that keep to one host and one tenant."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.models import User
from tenancy.context import workspace_context
from tests.accounts.steps import is_in, people, sign_in
from tests.contexts import public_context
from tests.fixtures import PASSWORD

SIGN_UP = {"email": "eve@example.test", "password1": PASSWORD, "password2": PASSWORD}


# --- Sign-up is closed ---


@pytest.mark.django_db
def test_nobody_signs_up_on_the_base_host(base_client):
    base_client.post("/operator/accounts/signup/", SIGN_UP)

    with public_context():
        assert not User.objects.exists()


def test_nobody_signs_up_on_a_tenants_host(acme, make_user, client_of, visible):
    make_user(acme)

    response = client_of(acme).post("/accounts/signup/", SIGN_UP)

    assert "You come in by invitation" in visible(response)
    assert people(acme) == {"ada@example.test"}


# --- Sign-in ---


def test_signing_in_leads_home(acme, make_user, client_of):
    user, client = make_user(acme), client_of(acme)

    response = sign_in(client, user.email)

    assert (response.status_code, response.url) == (302, "/")
    assert is_in(client)


def test_capitals_in_an_address_do_not_matter(acme, make_user, client_of):
    make_user(acme, "ada@example.test")
    client = client_of(acme)

    sign_in(client, "Ada@Example.TEST")

    assert is_in(client)


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ("/account/", "/account/"),
        ("//globex.localhost/", "/"),
        ("http://globex.localhost/account/", "/"),
        ("https://evil.test/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_next_is_followed_within_the_host_alone(acme, make_user, client_of, wish, place):
    user, client = make_user(acme), client_of(acme)

    assert sign_in(client, user.email, next=wish).url == place


def test_an_account_opens_its_own_tenant_alone(acme, globex, make_user, client_of):
    user = make_user(acme)
    make_user(globex, "bob@example.test")
    client = client_of(globex)

    response = sign_in(client, user.email)

    assert response.status_code == 200
    assert not is_in(client)


def test_a_session_is_worth_nothing_in_another_tenant(acme, globex, make_user, client_of):
    here = client_of(acme, make_user(acme))
    make_user(globex)
    there = client_of(globex)

    there.cookies[settings.SESSION_COOKIE_NAME] = here.cookies[settings.SESSION_COOKIE_NAME].value

    assert not is_in(there)
    assert is_in(here)


def test_an_unknown_address_and_a_wrong_password_read_alike(acme, make_user, client_of, visible):
    user = make_user(acme)

    unknown = visible(sign_in(client_of(acme), "nobody@example.test"))
    wrong = visible(sign_in(client_of(acme), user.email, "wrong"))

    assert unknown == wrong
    assert "E-mail address" in wrong
    assert "Remember me" in wrong
    assert "This address and password don&#x27;t go together." in wrong


def test_the_deactivated_stay_out(acme, make_user, client_of, outbox_of):
    user = make_user(acme, is_active=False)
    client = client_of(acme)

    response = sign_in(client, user.email)

    assert response.url == "/accounts/inactive/"
    assert not is_in(client)


def test_deactivation_ends_a_session(acme, make_user, client_of):
    user = make_user(acme)
    client = client_of(acme, user)
    assert is_in(client)

    with workspace_context(acme):
        User.objects.filter(pk=user.pk).update(is_active=False)

    assert not is_in(client)


def test_the_deactivated_get_no_further_with_a_code(acme, make_user, client_of, code_of):
    user = make_user(acme, verified=False)
    client = client_of(acme)
    page = sign_in(client, user.email).url
    with workspace_context(acme):
        User.objects.filter(pk=user.pk).update(is_active=False)

    client.post(page, {"code": code_of(acme)})

    assert not is_in(client)


def test_signing_out_ends_the_session_and_says_so(acme, make_user, client_of, visible):
    client = client_of(acme, make_user(acme))

    response = client.post("/accounts/logout/")

    assert response.url == "/accounts/login/?signed-out"
    assert "You are signed out." in visible(client.get(response.url))
    assert "You are signed out." not in visible(client.get("/accounts/login/"))
    assert not is_in(client)
    with workspace_context(acme):
        assert not Session.objects.exists()


def test_too_many_tries_are_told_to_wait(acme, make_user, client_of, settings, visible):
    settings.LIMITS = {**settings.LIMITS, "guess_here": "2/5 minute"}
    user, client = make_user(acme), client_of(acme)
    for _ in range(2):
        sign_in(client, user.email, "wrong")

    response = sign_in(client, user.email)

    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 300
    assert "Too many failed attempts. Wait about" in visible(response)
    assert f'value="{user.email}"' in response.content.decode(), "what was typed is kept"


# --- The operators' host ---


def test_an_operator_signs_in_to_the_operators_pages(base_client, make_operator, db):
    make_operator()

    response = sign_in(base_client, "operator@example.test", at="/operator/accounts/login/")

    assert response.url == "/operator/"
    cookie = response.cookies[settings.OPERATOR_COOKIE_NAME]
    assert cookie["path"] == "/operator/"
    assert settings.SESSION_COOKIE_NAME not in response.cookies
    assert is_in(base_client, "/operator/accounts/email/")


def test_signing_out_takes_the_operators_cookie_away(operator_client):
    assert is_in(operator_client, "/operator/accounts/email/")

    response = operator_client.post("/operator/accounts/logout/")

    cookie = response.cookies[settings.OPERATOR_COOKIE_NAME]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", 0, "/operator/")
    assert not is_in(operator_client, "/operator/accounts/email/")


def test_a_cookie_of_the_customers_name_is_no_operators_session(operator_client):
    key = operator_client.cookies.pop(settings.OPERATOR_COOKIE_NAME).value
    operator_client.cookies[settings.SESSION_COOKIE_NAME] = key

    assert not is_in(operator_client, "/operator/accounts/email/")


def test_a_member_is_no_operator_and_an_operator_no_member(
    acme, make_user, make_operator, client_of, base_client
):
    member, operator = make_user(acme), make_operator()
    tenant_client = client_of(acme)

    sign_in(base_client, member.email, at="/operator/accounts/login/")
    sign_in(tenant_client, operator.email)

    assert not is_in(base_client, "/operator/accounts/email/")
    assert not is_in(tenant_client)


def test_an_operator_gets_the_reset_link_of_the_base_host(
    base_client, make_operator, db, outbox_of
):
    make_operator()

    base_client.post("/operator/accounts/password/reset/", {"email": "operator@example.test"})

    (email,) = outbox_of(None)
    start = f"{settings.BASE_ORIGIN}/operator/accounts/password/reset/key/"
    assert email["context"]["password_reset_url"].startswith(start)
