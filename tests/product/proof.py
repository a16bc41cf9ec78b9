"""The example product at work in two tenants. Run in a copy of the project that holds it."""

from django.apps import apps
from django.conf import settings
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse

from accounts.models import User
from tasks.models import Message
from tasks.roles import RELAY
from tenancy.context import public_context, workspace_context
from tenants.lifecycle.deletion import delete_tenant
from tenants.signup.services import Owner, open_tenant


def opened(slug):
    owner = Owner(
        f"Olive of {slug}", f"olive@{slug}.test", "correct horse battery", email_verified=True
    )
    tenant, user = open_tenant(organization=slug.title(), subdomain=slug, owner=owner)
    client = Client(headers={"host": tenant.host})
    with workspace_context(tenant):
        page = client.post(
            reverse("account_login"),
            {"login": user.email, "password": owner.password},
            secure=settings.SECURE_SSL_REDIRECT,
        )
    assert page.status_code == 302, page.content.decode()
    return tenant, client


def main():
    setup_test_environment(debug=False)
    acme, at_acme = opened("acme")
    globex, at_globex = opened("globex")

    assert at_acme.post("/notes/", {"text": "Sell anvils"}).status_code == 302
    assert at_acme.get("/").text.count("<li>") == 2, "the product's page is the start page"
    assert "Sell anvils" in at_acme.get("/notes/").text
    assert "Sell anvils" not in at_globex.get("/notes/").text
    assert "Hello, Olive of globex" in at_globex.get("/notes/").text
    assert "Notes: 2" in at_acme.get("/console/").text
    assert "Notes: 1" in at_globex.get("/console/").text

    with public_context(RELAY):
        assert [message.schema_name for message in Message.objects.filter(kind="note_added")] == [
            acme.schema_name
        ]
    delete_tenant(tenant=acme)
    with workspace_context(globex):
        assert User.objects.count() == apps.get_model("notes.Note").objects.count() == 1
