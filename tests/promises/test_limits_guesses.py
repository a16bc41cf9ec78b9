"""Wrong passwords and codes: an attacker gets few, and shuts nobody out."""

from collections import Counter

import pytest
from django.conf import settings as django_settings
from django.test import Client

from saas.limits import service_limits
from tenancy.context import workspace_context
from tests.accounts.steps import is_in, sign_in
from tests.fixtures import PASSWORD
from tests.promises.conftest import scaled
from tests.racing import at_once

pytestmark = pytest.mark.long

CODE_PAGE = "/accounts/confirm-email/"


@pytest.fixture(autouse=True)
def as_in_production(settings):
    settings.LIMITS = service_limits(is_wide=False)


def guess(tenant, email, address, password="wrong", client=None):
    client = client or Client(SERVER_NAME=tenant.host)
    page = client.post(
        "/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR=address
    )
    return page.status_code


def hammer(tenant, email, times, addresses=200):
    """Guess from many addresses, and return how many guesses were looked at."""
    answers = Counter(
        guess(tenant, email, f"10.9.{number % addresses}.1") for number in range(times)
    )
    assert set(answers) <= {200, 429}
    return answers[200]


def test_the_owner_gets_in_from_their_own_browser_while_an_attacker_hammers(
    acme, make_user, client_of, figure
):
    owner = make_user(acme, role="owner")
    own = client_of(acme)
    sign_in(own, owner.email)
    own.post("/accounts/logout/")

    looked_at = hammer(acme, owner.email, times=scaled(2000, quick=60))
    response = sign_in(own, owner.email)

    assert looked_at == 20, "all strangers together have 20 guesses an hour"
    assert response.url == "/"
    assert is_in(own)
    figure("limits", "guesses looked at of those sent from 200 addresses", looked_at)


def test_the_owner_gets_in_from_the_attackers_own_network(acme, make_user, client_of):
    owner = make_user(acme, role="owner")
    own = client_of(acme, REMOTE_ADDR="10.0.0.1")
    sign_in(own, owner.email)
    own.post("/accounts/logout/")
    for number in range(40):
        guess(acme, f"person-{number}@example.test", "10.0.0.1")

    assert guess(acme, owner.email, "10.0.0.1", PASSWORD) == 429, "a browser that nobody knows"
    assert sign_in(own, owner.email).url == "/"


def test_an_owner_in_a_new_browser_comes_in_by_an_email(acme, make_user, client_of, reset_link):
    owner = make_user(acme, role="owner")
    hammer(acme, owner.email, times=40)
    fresh = client_of(acme, REMOTE_ADDR="10.1.1.1")
    assert guess(acme, owner.email, "10.1.1.1", PASSWORD, fresh) == 429

    fresh.post("/accounts/password/reset/", {"email": owner.email})
    page = fresh.get(reset_link(acme)).url
    new = "another horse, another battery"
    fresh.post(page, {"password1": new, "password2": new})

    assert is_in(fresh)
    assert guess(acme, owner.email, "10.1.1.2", new) == 302, "what was tried before is forgiven"


@pytest.fixture
def reset_link():
    from tasks.models import Message
    from tasks.payloads import decrypt
    from tests.contexts import public_context

    def read(tenant):
        with public_context():
            message = Message.objects.filter(kind="password_reset").latest("created_at")
        return decrypt(message)["context"]["password_reset_url"].removeprefix(tenant.origin)

    return read


def test_a_neighbour_at_the_same_address_is_counted_apart(acme, make_user):
    ada, bob = make_user(acme), make_user(acme, "bob@example.test")
    for _ in range(8):
        guess(acme, ada.email, "10.0.0.1")

    assert guess(acme, ada.email, "10.0.0.1", PASSWORD) == 429
    assert guess(acme, bob.email, "10.0.0.1", PASSWORD) == 302
    assert guess(acme, ada.email, "10.0.0.2", PASSWORD) == 302


def test_an_ipv6_network_is_one_address(acme, make_user):
    ada = make_user(acme)
    answers = [guess(acme, ada.email, f"2001:db8:1:2::{number}") for number in range(6)]

    assert answers == [200] * 5 + [429]
    assert guess(acme, ada.email, "2001:db8:1:3::1", PASSWORD) == 302


def test_nothing_of_one_tenant_counts_in_another(acme, globex, make_user):
    here, there = make_user(acme), make_user(globex)
    hammer(acme, here.email, times=40)
    for number in range(40):
        guess(acme, f"person-{number}@example.test", "10.0.0.1")

    assert guess(acme, here.email, "10.0.0.1", PASSWORD) == 429
    assert guess(globex, there.email, "10.0.0.1", PASSWORD) == 302


def test_a_device_is_known_in_its_tenant_and_to_its_person_alone(
    acme, globex, make_user, client_of
):
    ada, eve = make_user(acme), make_user(acme, "eve@example.test")
    make_user(globex)
    own = client_of(globex)
    sign_in(own, ada.email)
    foreign = own.cookies["device"].value
    evil = client_of(acme)
    sign_in(evil, eve.email)
    of_eve = evil.cookies["device"].value
    hammer(acme, ada.email, times=30)

    for cookie in (foreign, of_eve, "forged", f"{of_eve}x", ""):
        visitor = Client(SERVER_NAME=acme.host)
        visitor.cookies["device"] = cookie
        assert guess(acme, ada.email, "10.0.0.1", PASSWORD, visitor) == 429


def test_a_stolen_device_guesses_some_times_and_is_a_stranger_then(acme, make_user, client_of):
    ada = make_user(acme)
    own = client_of(acme)
    sign_in(own, ada.email)
    own.post("/accounts/logout/")

    answers = [guess(acme, ada.email, f"10.0.{n}.1", client=own) for n in range(45)]

    # Ten as a device that is known, and the hour's twenty that all strangers share.
    assert answers == [200] * 30 + [429] * 15


def test_the_device_is_no_secret_and_its_cookie_is_the_hosts_alone(acme, make_user, client_of):
    ada, client = make_user(acme), client_of(acme)

    cookie = sign_in(client, ada.email).cookies["device"]

    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")
    assert ada.email not in cookie.value


def test_guesses_at_the_same_time_are_no_more_than_one_by_one(committed, acme, make_user, full):
    ada = make_user(acme)
    answers = at_once(40 if full else 12, lambda _number: guess(acme, ada.email, "10.0.0.1"))

    assert Counter(answers)[200] == 5
    assert set(answers) == {200, 429}


# --- Codes ---


@pytest.fixture
def verifying(make_user, client_of):
    """Return the cookies of somebody whose code is on its way, and the right code."""

    def begin(tenant, **person):
        from allauth.account.internal.flows.email_verification_by_code import (
            EMAIL_VERIFICATION_CODE_SESSION_KEY as KEY,
        )

        client = client_of(tenant, make_user(tenant, verified=False, **person))
        client.post("/accounts/verify/")
        with workspace_context(tenant):
            return client, client.session[KEY]["code"]

    return begin


def twin(tenant, client):
    """Another client with the same session."""
    other = Client(SERVER_NAME=tenant.host)
    name = django_settings.SESSION_COOKIE_NAME
    other.cookies[name] = client.cookies[name].value
    return other


def test_many_codes_at_once_are_three_tries(committed, acme, verifying, monkeypatch, full):
    from accounts.sign_in.forms import CodeForm

    looked_at = []
    real = CodeForm.clean_code

    def look(form):
        looked_at.append(1)
        return real(form)

    monkeypatch.setattr(CodeForm, "clean_code", look)
    client, _code = verifying(acme)
    twins = [twin(acme, client) for _ in range(30 if full else 10)]

    answers = at_once(
        len(twins), lambda n: twins[n].post(CODE_PAGE, {"code": f"AAAA-{n:04}"}).status_code
    )

    assert len(looked_at) == 3
    assert set(answers) <= {422, 302}


def test_the_third_try_may_be_right_and_there_is_no_fourth(acme, verifying):
    client, code = verifying(acme)
    for _ in range(2):
        client.post(CODE_PAGE, {"code": "AAAA-AAAA"})

    assert client.post(CODE_PAGE, {"code": code}).url == "/"

    other, code = verifying(acme, email="bob@example.test")
    for _ in range(2):
        twin(acme, other).post(CODE_PAGE, {"code": "AAAA-AAAA"})
    other.post(CODE_PAGE, {"code": "AAAA-AAAA"})
    assert twin(acme, other).post(CODE_PAGE, {"code": code}).url == "/accounts/verify/"


def test_a_persons_codes_together_have_an_end(acme, globex, verifying, settings):
    settings.LIMITS = {**settings.LIMITS, "codes": "2/hour"}
    client, code = verifying(acme)
    elsewhere, code_there = verifying(globex)
    for _ in range(2):
        client.post(CODE_PAGE, {"code": "AAAA-AAAA"})

    response = client.post(CODE_PAGE, {"code": code})

    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 3600
    assert "That was too often. Try again in about" in response.content.decode()
    assert elsewhere.post(CODE_PAGE, {"code": code_there}).url == "/"


# --- What is asked for somebody else ---


def test_resets_that_others_ask_for_refuse_nobody(acme, make_user, client_of):
    from tasks.models import Message
    from tests.contexts import public_context

    ada = make_user(acme)

    def ask(address):
        client = Client(SERVER_NAME=acme.host, REMOTE_ADDR=address)
        return client.post("/accounts/password/reset/", {"email": ada.email})

    answers = [ask(f"10.0.{number}.1") for number in range(12)]

    assert {(a.status_code, a.url) for a in answers} == {(302, "/accounts/password/reset/done/")}
    with public_context():
        assert Message.objects.filter(kind="password_reset").count() == 5


def test_who_asks_too_often_keeps_what_they_typed(acme, make_user, client_of):
    ada, client = make_user(acme), client_of(acme)

    answers = [client.post("/accounts/password/reset/", {"email": ada.email}) for _ in range(6)]

    assert [a.status_code for a in answers] == [302] * 5 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert f'value="{ada.email}"' in answers[-1].content.decode()


def test_allauths_own_limits_say_when_to_come_back(acme, make_user, client_of, settings):
    settings.ACCOUNT_RATE_LIMITS = {"reset_password_from_key": "1/5m/ip"}
    client = client_of(acme)
    page = "/accounts/password/reset/key/abc-def/"
    client.post(page)

    response = client.post(page)

    assert response.status_code == 429
    assert 290 <= int(response.headers["Retry-After"]) <= 300
    assert "Wait about 5 minutes, then go back and try again." in response.content.decode()


def test_an_operator_who_enters_wrong_codes_is_told_so_in_our_words(base_client, db):
    from accounts.models import User
    from tests.contexts import public_context

    with public_context():
        User.objects.create_user(
            "new@example.test", PASSWORD, full_name="New", is_staff=True, welcome=False
        )
    page = sign_in(base_client, "new@example.test", at="/operator/accounts/login/").url

    for _ in range(3):
        response = base_client.post(page, {"code": "AAAA-AAAA"})

    landed = base_client.get(response.url).content.decode()
    assert "Those were too many wrong codes. Sign in again, and we send a new one." in landed
    assert "Too many failed login attempts" not in landed
