"""The example product at work in two tenants. Run in a copy of the project that holds it."""

import io
from contextlib import contextmanager, nullcontext

from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import override_settings, setup_test_environment
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tasks.jobs import run_schedules
from tasks.models import Message, ScheduledRun
from tasks.roles import RELAY
from tenancy.context import public_context, workspace_context
from tenancy.errors import ForeignFileError, TenantMissingError
from tenancy.stored_files import schemas_with_files, stored_files
from tenants.lifecycle.deletion import delete_tenant
from tenants.lifecycle.jobs import plan_schedules
from tenants.models import Tenant
from tenants.roles import OPERATOR
from tenants.signup.services import Owner, open_tenant

PASSWORD = "correct horse battery"


class OperatorClient(Client):
    """Keeps the cookie that an operator's browser would, with the session's token."""

    def _set_login_cookies(self, request):
        self.cookies[settings.OPERATOR_COOKIE_NAME] = request.session.token


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
    publish(acme, globex)

    with public_context(RELAY):
        sent = Message.objects.filter(kind="note_added").values_list("schema_name", flat=True)
        assert sorted(sent) == sorted([acme.schema_name] * 2 + [globex.schema_name])
    sign_up_with_a_note()
    write_too_often(acme, globex, at_acme, at_globex)
    count_by_night(acme, globex)
    show_operators()
    delete_tenant(tenant=acme)
    with workspace_context(globex):
        assert User.objects.count() == 1
        assert note_model().objects.count() == 2
    with public_context(OPERATOR):
        assert [row.schema_name for row in usage().objects.all()] == [globex.schema_name]
        with connection.cursor() as cursor:
            cursor.execute("SELECT title FROM notes_page")
            assert cursor.fetchall() == []
    assert schemas_with_files() == set()
    call_command("doctor", stdout=io.StringIO())


def sign_up_with_a_note():
    """The product's field is shown at sign-up, and saved with the tenant or not at all."""
    visitor = Client(headers={"host": settings.BASE_DOMAIN})
    assert "First note" in visitor.get("/signup/").text
    typed = {
        "organization": "Initech", "subdomain": "initech", "full_name": "Peter Gibbons",
        "email": "peter@initech.test", "password": "correct horse battery", "terms": "on",
    }  # fmt: skip
    page = visitor.post("/signup/", typed | {"notes.first": "some spam"})
    assert page.status_code == 422
    assert "That is no note." in page.text
    assert visitor.post("/signup/", typed | {"notes.first": "Staplers"}).status_code == 303
    with public_context():
        initech = Tenant.objects.get(slug="initech")
    with workspace_context(initech):
        texts = apps.get_model("notes.Note").objects.values_list("text", flat=True)
        assert sorted(texts) == ["Hello, Peter Gibbons", "Staplers"]
    delete_tenant(tenant=initech)


def write_too_often(acme, globex, at_acme, at_globex):
    """The product's limit is counted in each tenant."""
    with override_settings(LIMITS={**settings.LIMITS, "notes.add": "5/hour"}):
        answers = [at_acme.post("/notes/", {"text": "Again"}).status_code for _ in range(9)]
        assert answers[-1] == 429
        assert at_globex.post("/notes/", {"text": "Again"}).status_code == 302
    for tenant in (acme, globex):
        with workspace_context(tenant):
            apps.get_model("notes.Note").objects.filter(text="Again").delete()


def count_by_night(acme, globex):
    """The product's schedule runs in each tenant."""
    assert plan_schedules.apply(throw=True).get() == 2
    with workspace_context(acme):
        usage().objects.update(notes=0)
    with public_context(OPERATOR):
        ScheduledRun.objects.update(due_at=timezone.now())
    current_app.conf.task_always_eager = True
    assert run_schedules.apply(throw=True).get() == 2
    for tenant in (acme, globex):
        with workspace_context(tenant):
            (row,) = usage().objects.all()
            assert row.notes == apps.get_model("notes.Note").objects.count() > 1


def show_operators():
    """The product's panel, link and page in the operators' console."""
    client = OperatorClient(headers={"host": settings.BASE_DOMAIN})
    with public_context(OPERATOR):
        operator = User.objects.create_superuser(
            "olga@example.test", password="correct horse battery", full_name="Olga Operator"
        )
        client.force_login(operator)
        count = sum(row.notes for row in usage().objects.all())
    page = client.get("/operator/").text
    assert f"Notes of all tenants: {count}" in page
    assert 'href="/operator/notes/usage/"' in page
    assert client.get("/operator/notes/usage/").status_code == 200


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


def publish(acme, globex):
    """A row and its file are one tenant's, also without declared rows; both are deleted with it."""
    pages, front_pages = apps.get_model("notes.Page"), apps.get_model("notes.FrontPage")
    with workspace_context(acme):
        page = pages.objects.create(title="Anvils")
        page.picture.save("anvil.png", ContentFile(b"An anvil"))
        hidden = pages(title="Soon", is_hidden=True)
        hidden.picture.save("x.png", ContentFile(b"x"), save=False)
        hidden.save(force_insert=True)
    with workspace_context(globex):
        assert not pages.objects.exists()
        assert not pages.objects.update(title="Stolen")
        theirs = front_pages(title="Forged", schema_name=acme.schema_name)
        for refused, error in (
            (theirs.save, ProgrammingError),
            (lambda: theirs.picture.save("x.png", ContentFile(b"x")), ForeignFileError),
            (page.picture.open, ForeignFileError),
            (lambda: page.picture.delete(save=False), None),
        ):
            with raises(error) if error else nullcontext(), transaction.atomic():
                refused()
    with public_context():
        assert [each.picture.open().read() for each in pages.objects.all()] == [b"An anvil"]
        with raises(TenantMissingError), transaction.atomic():
            pages.objects.create(title="Of no tenant")
    with public_context(OPERATOR):
        assert pages.objects.get().title == "Anvils"
    with workspace_context(acme):
        call_command("doctor", stdout=io.StringIO())
        other = front_pages.objects.create(title="Hammers")
        other.picture.save("hammer.png", ContentFile(b"A hammer"))
        count = len(stored_files(schema_name=acme.schema_name))
        other.delete()
    assert len(stored_files(schema_name=acme.schema_name)) == count - 1


@contextmanager
def raises(error):
    try:
        yield
    except error:
        return
    raise AssertionError(f"No {error.__name__} was raised.")


def write_usage(acme, globex, at_globex):
    """The rows of all tenants stand in one table, and each sees its own."""
    at_globex.post("/notes/", {"text": "Buy anvils"})
    for tenant, count in ((acme, 2), (globex, 1)):
        with workspace_context(tenant):
            assert [row.notes for row in usage().objects.all()] == [count]
    with public_context(OPERATOR):
        assert usage().objects.count() == 2
