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

PASSWORD = "correct horse battery"


def opened(slug):
    owner = Owner(f"Olive of {slug}", f"olive@{slug}.test", PASSWORD, email_verified=True)
    tenant, user = open_tenant(organization=slug.title(), subdomain=slug, owner=owner)
    return tenant, signed_in(tenant, user)


def signed_in(tenant, user):
    client = Client(headers={"host": tenant.host})
    with workspace_context(tenant):
        page = client.post(
            reverse("account_login"),
            {"login": user.email, "password": PASSWORD},
            secure=settings.SECURE_SSL_REDIRECT,
        )
    assert page.status_code == 302, page.content.decode()
    return client


def main():
    setup_test_environment(debug=False)
    acme, at_acme = opened("acme")
    globex, at_globex = opened("globex")

    assert at_acme.post("/notes/", {"text": "Sell anvils"}).status_code == 302
    assert at_acme.get("/").text.count('<li class="note">') == 2, (
        "the product's page is the start page"
    )
    assert "Sell anvils" in at_acme.get("/notes/").text
    assert "Sell anvils" not in at_globex.get("/notes/").text
    assert "Hello, Olive of globex" in at_globex.get("/notes/").text
    assert "Notes: 2" in at_acme.get("/console/").text
    assert "Notes: 1" in at_globex.get("/console/").text

    attach(acme, at_acme, at_globex)
    delete_a_note(acme, at_acme, at_globex)
    write_usage(acme, globex, at_globex)

    with public_context(RELAY):
        sent = Message.objects.filter(kind="note_added").values_list("schema_name", flat=True)
        assert sorted(sent) == sorted([acme.schema_name] * 2 + [globex.schema_name])
    delete_tenant(tenant=acme)
    with workspace_context(globex):
        assert User.objects.count() == 1
        assert note_model().objects.count() == 2
    with public_context(OPERATOR):
        assert [row.schema_name for row in usage().objects.all()] == [globex.schema_name]
    assert schemas_with_files() == set()
    call_command("doctor", stdout=io.StringIO())


def note_model():
    return apps.get_model("notes.Note")


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
        note = note_model().objects.exclude(attachment="").get()
    page = at_acme.get(f"/notes/{note.pk}/attachment/")
    assert b"".join(page.streaming_content) == b"Two anvils"
    page.close()
    assert at_globex.get(f"/notes/{note.pk}/attachment/").status_code == 404


def delete_a_note(acme, at_acme, at_globex):
    """Owners alone may, in their own tenant; the links are shown to those who may follow them."""
    with workspace_context(acme):
        note = note_model().objects.create(text="Done", author=User.objects.get())
        member = User.objects.create_user(
            "mo@acme.test", PASSWORD, full_name="Mo", email_verified=True
        )
    at_acme_as_member = signed_in(acme, member)
    path = f"/notes/{note.pk}/delete/"

    assert 'href="/notes/"' in at_acme_as_member.get("/account/").text
    assert at_acme_as_member.post(path).status_code == 403
    assert at_globex.post(path).status_code == 404
    assert "Done" in at_acme.get("/notes/").text
    assert at_acme.post(path).headers["Location"] == "/notes/"
    assert "Done" not in at_acme.get("/notes/").text

    assert "Notes of Mo" in at_acme.get(f"/console/members/{member.pk}/").text
    assert 'href="/console/settings/notes/"' in at_acme.get("/console/settings/").text
    assert "Settings of notes" in at_acme.get("/console/settings/notes/").text
    assert at_acme_as_member.get("/console/settings/notes/").status_code == 403


def write_usage(acme, globex, at_globex):
    """The rows of all tenants stand in one table, and each sees its own."""
    at_globex.post("/notes/", {"text": "Buy anvils"})
    for tenant, count in ((acme, 2), (globex, 1)):
        with workspace_context(tenant):
            assert [row.notes for row in usage().objects.all()] == [count]
    with public_context(OPERATOR):
        assert usage().objects.count() == 2
