"""The example product at work in two tenants. Run in a copy of the project that holds it."""

import io

from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse

from accounts.models import User
from tasks.models import Message
from tasks.roles import RELAY
from tenancy.context import public_context, workspace_context
from tenancy.stored_files import schemas_with_files, stored_files
from tenants.lifecycle.deletion import delete_tenant
from tenants.roles import OPERATOR
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

    attach(acme, at_acme, at_globex)
    write_usage(acme, globex, at_globex)

    with public_context(RELAY):
        sent = Message.objects.filter(kind="note_added").values_list("schema_name", flat=True)
        assert sorted(sent) == sorted([acme.schema_name] * 2 + [globex.schema_name])
    delete_tenant(tenant=acme)
    with workspace_context(globex):
        assert User.objects.count() == 1
        assert apps.get_model("notes.Note").objects.count() == 2
    with public_context(OPERATOR):
        assert [row.schema_name for row in usage().objects.all()] == [globex.schema_name]
    assert schemas_with_files() == set()
    call_command("doctor", stdout=io.StringIO())


def usage():
    return apps.get_model("notes.Usage")


def attach(acme, at_acme, at_globex):
    """A file is stored below its tenant's schema, and served to the tenant's members alone."""
    for name, status in (("plan.exe", 422), ("plan.pdf", 302)):
        file = SimpleUploadedFile(name, b"Two anvils")
        page = at_acme.post("/notes/", {"text": "Plan", "attachment": file})
        assert page.status_code == status, page.content.decode()
    (stored,) = stored_files(schema_name=acme.schema_name)
    assert stored.name.startswith(f"{acme.schema_name}/notes_note/")
    with workspace_context(acme):
        note = apps.get_model("notes.Note").objects.exclude(attachment="").get()
    page = at_acme.get(f"/notes/{note.pk}/attachment/")
    assert b"".join(page.streaming_content) == b"Two anvils"
    page.close()
    assert at_globex.get(f"/notes/{note.pk}/attachment/").status_code == 404


def write_usage(acme, globex, at_globex):
    """The rows of all tenants stand in one table, and each sees its own."""
    at_globex.post("/notes/", {"text": "Buy anvils"})
    for tenant, count in ((acme, 2), (globex, 1)):
        with workspace_context(tenant):
            assert [row.notes for row in usage().objects.all()] == [count]
    with public_context(OPERATOR):
        assert usage().objects.count() == 2
