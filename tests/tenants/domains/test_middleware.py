"""From host to tenant: every spelling, and nobody's context left behind."""

import pytest
from django.db import connection

from tenancy.context import workspace_context
from tenants.domains import hosts
from tenants.lifecycle import services
from tenants.models import Domain
from tests.contexts import public_context


@pytest.mark.parametrize(
    "host", ["acme.localhost", "ACME.LocalHost", "acme.localhost.", "acme.localhost:8000"]
)
def test_a_host_leads_to_its_tenant_however_it_is_spelt(acme, base_client, host):
    response = base_client.get("/accounts/login/", headers={"host": host})

    assert response.status_code == 200
    assert "Acme" in response.content.decode()
    assert connection.schema_name is None


def test_an_unknown_host_offers_sign_up(db, base_client):
    response = base_client.get("/", headers={"host": "nobody.localhost"})

    assert response.status_code == 404
    assert "/signup/?subdomain=nobody" in response.content.decode()
    assert connection.schema_name is None


@pytest.mark.parametrize("host", ["www.localhost", "a.b.localhost", "127.0.0.1", "other.test"])
def test_a_host_that_nobody_can_have_is_not_offered(db, base_client, host):
    response = base_client.get("/", headers={"host": host})

    assert response.status_code == 404
    assert "subdomain=" not in response.content.decode()


def test_an_unknown_host_is_not_remembered(acme, base_client):
    assert base_client.get("/", headers={"host": "fresh.localhost"}).status_code == 404
    with public_context():
        Domain.objects.create(domain="fresh.localhost", tenant=acme, is_primary=False)

    response = base_client.get("/accounts/login/", headers={"host": "fresh.localhost"})

    assert response.status_code == 200


def test_a_suspended_tenant_is_closed_at_once_and_its_neighbour_stays_open(
    committed, acme, globex, client_of, make_user
):
    ada, gus = make_user(acme), make_user(globex)
    clients = client_of(acme, ada), client_of(globex, gus)
    assert [client.get("/").status_code for client in clients] == [200, 200]

    services.suspend(tenant=acme)

    closed, opened = (client.get("/") for client in clients)
    assert (closed.status_code, opened.status_code) == (403, 200)
    assert "Ada" not in closed.content.decode()
    services.resume(tenant=acme)
    assert clients[0].get("/").status_code == 200


@pytest.mark.parametrize("address", ["", "support@example.test"])
def test_a_suspended_page_says_where_an_owner_can_write(
    committed, acme, client_of, settings, address
):
    settings.SUPPORT_EMAIL = address
    services.suspend(tenant=acme)

    page = client_of(acme).get("/").content.decode()

    assert ('href="mailto:support@example.test"' in page) is bool(address)
    assert "ask its owner" in page


def test_a_host_that_cannot_be_one_is_refused(db, base_client):
    assert base_client.get("/", headers={"host": "a b.localhost"}).status_code == 400


def test_a_session_of_one_tenant_is_none_in_another(acme, globex, client_of, make_user):
    ada = make_user(acme)
    make_user(globex)
    client = client_of(acme, ada)
    assert client.get("/").status_code == 200

    response = client.get("/", headers={"host": globex.host})

    assert response.status_code == 302
    assert "/accounts/login/" in response.headers["Location"]


def test_pages_of_the_other_host_are_not_there(acme, base_client, client_of):
    assert client_of(acme).get("/signup/").status_code == 404
    assert client_of(acme).get("/operator/").status_code == 404
    assert base_client.get("/console/").status_code == 404


def test_the_cache_of_hosts_needs_no_context_and_forgets_what_changed(acme):
    assert hosts.find_tenant("acme.localhost") == acme
    with public_context():
        acme.name = "Renamed"
        acme.save()
    hosts.forget("acme.localhost")

    assert hosts.find_tenant("acme.localhost").name == "Renamed"


def test_health_is_answered_on_any_host(db, base_client):
    for host in ("localhost", "nobody.localhost", "10.0.0.7"):
        assert base_client.get("/healthz", headers={"host": host}).json() == {"status": "ok"}
    ready = base_client.get("/readyz").json()
    assert ready == {
        "status": "ok",
        "database": True,
        "redis": True,
        "migrations": True,
        "roles": True,
    }


def test_two_contexts_of_one_thread_do_not_mix(acme, globex, make_user):
    with workspace_context(acme):
        make_user(globex, "gus@globex.test")
        assert connection.schema_name == acme.schema_name


def test_a_session_key_that_is_none_of_ours_is_no_session(acme, client_of):
    client = client_of(acme)

    for value in ('"\\000aaaaaaaa"', "x' OR 1=1", "é", "a" * 5000):
        response = client.get("/", headers={"cookie": f"session={value}"})

        assert response.status_code == 302, value


def test_ones_own_pages_are_in_no_cache(acme, client_of, make_user):
    client = client_of(acme, make_user(acme, role="owner"))

    for path in ("/", "/console/", "/account/", "/accounts/email/"):
        assert "no-store" in client.get(path).headers["Cache-Control"]
