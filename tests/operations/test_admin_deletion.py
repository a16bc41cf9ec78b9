"""Deleting a tenant from the operators' console."""

from django.contrib.admin.models import LogEntry

from tenants.models import Tenant
from tests.contexts import public_context

TENANTS = "/operator/tenants/tenant/"


def slugs():
    with public_context():
        return set(Tenant.objects.values_list("slug", flat=True))


def test_deleting_wants_the_subdomain_typed(operator_client, acme, globex):
    url = f"{TENANTS}{acme.pk}/delete_permanently/"

    asked = operator_client.get(url).content.decode()
    wrong = operator_client.post(url, {"_form_submitted": "true", "subdomain": "globex"})

    assert "Delete this tenant permanently?" in asked
    assert "Type the subdomain" in asked
    assert "isn&#x27;t the subdomain" in wrong.content.decode()
    assert slugs() == {"acme", "globex"}


def test_deleting_takes_that_tenant_alone_and_is_recorded(operator_client, acme, globex):
    response = operator_client.post(
        f"{TENANTS}{acme.pk}/delete_permanently/",
        {"_form_submitted": "true", "subdomain": "acme"},
        headers={"HX-Request": "true"},
    )

    assert response.headers["HX-Redirect"] == TENANTS
    assert slugs() == {"globex"}
    with public_context():
        entry = LogEntry.objects.get()
        assert (entry.object_repr, entry.object_id) == ("Acme", str(acme.pk))
    assert "Deleted permanently." in operator_client.get(TENANTS).content.decode()


def test_nobody_else_deletes(acme, make_user, client_of):
    client = client_of(acme, make_user(acme, role="owner"))

    answer = client.post(f"{TENANTS}{acme.pk}/delete_permanently/", {"_form_submitted": "true"})

    assert answer.status_code == 404
    assert "acme" in slugs()
