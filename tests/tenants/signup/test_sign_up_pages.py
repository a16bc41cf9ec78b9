"""The visitor's pages: what is typed survives, and what goes wrong is a sentence."""

import uuid
from re import sub
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.models import User
from tasks.models import Message
from tasks.payloads import decrypt
from tenancy.context import workspace_context
from tenants.models import Tenant
from tests.contexts import public_context


def page_after_find(client, email):
    return client.post("/find/", {"email": email}).content.decode().replace(email, "…")


def tenant_of(slug):
    with public_context():
        return Tenant.objects.filter(slug=slug).first()


def test_sign_up_leads_to_the_tenants_own_host_signed_in(db, base_client, sign_up_data, client_of):
    response = base_client.post("/signup/", sign_up_data(organization="Initech Ltd"))

    assert response.status_code == 303
    assert response.headers["Referrer-Policy"] == "no-referrer"
    target = urlsplit(response.headers["Location"])
    assert target.netloc == "initech.localhost"
    visitor = client_of(tenant_of("initech"))
    landed = visitor.get(f"{target.path}?{target.query}", follow=True)
    assert landed.redirect_chain[-1][0] == "/console/"
    assert landed.status_code == 200
    assert tenant_of("initech").terms_version
    # The token starts no second session.
    again = client_of(tenant_of("initech")).get(f"{target.path}?{target.query}")
    assert again.headers["Location"] == "/accounts/login/"


def test_a_handoff_is_no_key_to_another_tenant(acme, base_client, sign_up_data, client_of):
    response = base_client.post("/signup/", sign_up_data())
    token = parse_qs(urlsplit(response.headers["Location"]).query)["token"][0]

    stranger = client_of(acme)
    refused = stranger.get("/accounts/handoff/", {"token": token})

    assert refused.headers["Location"] == "/accounts/login/"
    assert stranger.get("/console/").status_code == 302


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subdomain": "acme"}, "subdomain"),
        ({"subdomain": "www"}, "subdomain"),
        ({"subdomain": "Nöt-ok"}, "subdomain"),
        ({"subdomain": ""}, "subdomain"),
        ({"organization": ""}, "organization"),
        ({"organization": "Win at http://spam.test"}, "organization"),
        ({"organization": "x" * 65}, "organization"),
        ({"full_name": "Visit www.spam.test"}, "full_name"),
        ({"full_name": "Peter\nBcc: all@spam.test"}, "full_name"),
        ({"email": "no address"}, "email"),
        ({"password": "password123"}, "password"),
        ({"password": "short"}, "password"),
        ({"password": "initechinitech"}, "password"),
        ({"password": "peter@initech.test"}, "password"),
        ({"terms": ""}, "terms"),
    ],
)
def test_bad_input_gets_a_sentence_and_loses_nothing(
    acme, base_client, sign_up_data, change, field
):
    typed = sign_up_data(**change)

    response = base_client.post("/signup/", typed)

    assert response.status_code == 422
    form = response.context["form"]
    assert list(form.errors) == [field]
    page = response.content.decode()
    kept = {"organization", "full_name", "email", "password"} - {field}
    assert all(f'value="{typed[name]}"' in page for name in kept)
    with public_context():
        assert set(Tenant.objects.values_list("slug", flat=True)) == {"acme", "globex"}


def test_an_empty_subdomain_comes_back_with_a_suggestion(db, base_client, sign_up_data):
    response = base_client.post("/signup/", sign_up_data(organization="Café Zürich", subdomain=""))

    assert 'value="cafe-zurich"' in response.content.decode()


def test_a_double_click_continues_to_the_same_tenant(db, base_client, sign_up_data):
    typed = sign_up_data(idempotency_key=str(uuid.uuid4()))

    first, second = (base_client.post("/signup/", typed) for _ in range(2))

    assert (first.status_code, second.status_code) == (303, 303)
    with public_context():
        assert Tenant.objects.filter(slug="initech").count() == 1
        assert Message.objects.filter(kind="welcome").count() == 1
    with workspace_context(tenant_of("initech")):
        assert User.objects.count() == 1


def test_a_program_that_fills_the_honeypot_opens_nothing(db, base_client, sign_up_data):
    base_client.post("/signup/", sign_up_data(website="https://spam.test"))

    assert tenant_of("initech") is None


def test_too_many_sign_ups_from_one_address_are_told_to_wait(
    db, base_client, sign_up_data, settings
):
    settings.LIMITS = {**settings.LIMITS, "sign_up": "1/hour"}
    base_client.post("/signup/", sign_up_data(email="broken"))

    response = base_client.post("/signup/", sign_up_data())

    assert response.status_code == 429
    assert "too often" in response.content.decode()
    assert 'value="Peter Gibbons"' in response.content.decode()
    assert tenant_of("initech") is None


@pytest.mark.parametrize(
    ("query", "state"),
    [
        ({"subdomain": "fresh-name"}, "free"),
        ({"subdomain": "ACME"}, "taken"),
        ({"subdomain": "www"}, "reserved"),
        ({"subdomain": "-"}, "invalid"),
        ({"organization": "Fresh Name"}, "free"),
        ({}, "empty"),
    ],
)
def test_the_address_is_judged_while_it_is_typed(acme, base_client, query, state):
    response = base_client.get("/signup/check/", query)

    assert response.context["check"].state == state
    assert response.context["check"].message in response.content.decode()


def test_find_says_the_same_to_everybody_and_mails_the_answer(acme, globex, base_client, make_user):
    make_user(acme, "ada@example.test")
    make_user(globex, "gus@example.test")

    pages = [
        sub(r'[A-Za-z0-9]{64}|nonce="[^"]+"', "", page_after_find(base_client, email))
        for email in ("ADA@example.test", "nobody@example.test")
    ]

    assert pages[0] == pages[1]
    assert "Acme" not in pages[0]
    with public_context():
        answers = Message.objects.filter(kind="workspaces").order_by("created_at")
        emails = [decrypt(message) for message in answers]
    assert [email["to"] for email in emails] == ["ada@example.test", "nobody@example.test"]
    assert [w["name"] for w in emails[0]["context"]["workspaces"]] == ["Acme"]
    assert emails[1]["context"]["workspaces"] == []


def test_a_whole_network_of_ipv6_counts_as_one_visitor(db, base_client, settings):
    settings.LIMITS = {**settings.LIMITS, "find": "2/hour"}

    def ask(address):
        typed = {"email": "ada@example.test"}
        return base_client.post("/find/", typed, REMOTE_ADDR=address).status_code

    assert [ask(f"2001:db8:1:2::{number}") for number in range(3)] == [200, 200, 429]
    assert ask("2001:db8:1:3::1") == 200
    assert ask("10.0.0.1") == 200
