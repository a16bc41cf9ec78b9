"""Closing a tenant: all of it goes, nothing of another's, and its name rests."""

import threading
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Profile, User
from tasks.models import Message
from tenancy import schemas
from tenancy.context import workspace_context
from tenancy.stored_files import stored_files
from tenancy.timeouts import DatabaseTimeouts
from tenants.lifecycle.deletion import delete_tenant
from tenants.lifecycle.errors import SubdomainQuarantinedError, TenantBusyError, TenantGoneError
from tenants.models import DirectoryEntry, Domain, QuarantinedSubdomain, Tenant
from tenants.signup import availability, services as signup
from tests.commands import run
from tests.contexts import public_context

OWNER = signup.Owner("Ada Lovelace", "ada@next.test", "correct horse battery staple")


@pytest.fixture
def people(acme, globex, make_user):
    """Somebody with a picture in each tenant, of the same address."""
    for tenant in (acme, globex):
        user = make_user(tenant, "ada@one.test")
        with workspace_context(tenant):
            user.profile.picture.save("ada.webp", ContentFile(b"pixels"))


def traces(tenant):
    """Count what is left of a tenant, kind by kind."""
    name = tenant.schema_name
    with public_context():
        return {
            "tenant": Tenant.objects.filter(schema_name=name).count(),
            "hosts": Domain.objects.filter(domain=tenant.host).count(),
            "directory": DirectoryEntry.objects.filter(schema_name=name).count(),
            "messages": Message.objects.of_schema(name).count(),
            "schema": int(name in schemas.tenant_schemas()),
            "files": len(stored_files(schema_name=name)),
        }


def open_again(slug="acme", **changes):
    return signup.open_tenant(
        **{"organization": "Next", "subdomain": slug, "owner": OWNER} | changes
    )


def test_closing_takes_all_of_a_tenant_and_nothing_of_another(committed, acme, globex, people):
    whole = {"tenant": 1, "hosts": 1, "directory": 1, "messages": 1, "schema": 1, "files": 1}
    assert [traces(acme), traces(globex)] == [whole, whole]

    delete_tenant(tenant=acme)

    assert traces(acme) == dict.fromkeys(whole, 0)
    assert traces(globex) == whole
    with workspace_context(globex):
        assert Profile.objects.get().picture.storage.exists(Profile.objects.get().picture.name)


def test_its_host_is_unknown_at_once(committed, acme, globex, client_of):
    assert client_of(acme).get("/").status_code == 302

    delete_tenant(tenant=acme)

    assert client_of(acme).get("/").status_code == 404
    assert client_of(globex).get("/").status_code == 302


def test_a_tenant_goes_once(acme):
    delete_tenant(tenant=acme)

    with pytest.raises(TenantGoneError):
        delete_tenant(tenant=acme)


@pytest.mark.parametrize(
    "broken",
    [
        "tenants.models.QuarantinedSubdomain.objects.update_or_create",
        "tenants.models.Tenant.delete",
    ],
)
def test_a_failure_at_any_step_changes_nothing(
    committed, acme, globex, people, monkeypatch, broken
):
    before = traces(acme)
    monkeypatch.setattr(broken, lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        delete_tenant(tenant=acme)

    assert traces(acme) == before
    with workspace_context(acme):
        assert User.objects.count() == 1


def test_files_that_cannot_be_deleted_do_not_break_the_closing(
    committed, acme, people, monkeypatch
):
    monkeypatch.setattr("tenants.lifecycle.deletion.discard_files", lambda **_: 1 / 0)

    delete_tenant(tenant=acme)

    assert traces(acme) == dict.fromkeys(traces(acme), 0) | {"files": 1}


def test_a_schema_that_somebody_works_in_is_not_waited_for(committed, acme, monkeypatch):
    monkeypatch.setattr(schemas, "DROP_TIMEOUTS", DatabaseTimeouts(lock=0.05))
    at_work, done = threading.Event(), threading.Event()

    def work():
        with workspace_context(acme), transaction.atomic():
            User.objects.count()
            at_work.set()
            done.wait(60)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    assert at_work.wait(60)
    try:
        with pytest.raises(TenantBusyError):
            delete_tenant(tenant=acme)
    finally:
        done.set()
        worker.join()

    assert traces(acme)["schema"] == 1
    delete_tenant(tenant=acme)
    assert traces(acme)["schema"] == 0


@pytest.mark.parametrize("name", ["public", "pg_catalog", "accounts"])
def test_no_schema_but_a_tenants_is_dropped(db, name):
    with pytest.raises(ValueError, match="no tenant's schema"):
        schemas.drop_schema(schema_name=name)


# --- The name ---


def test_a_name_rests_and_is_free_again_by_time(acme, settings):
    delete_tenant(tenant=acme)

    with pytest.raises(SubdomainQuarantinedError, match="reserved until"):
        open_again()
    with public_context():
        rests = QuarantinedSubdomain.objects.get()
        days = (rests.until - timezone.now() + timedelta(hours=1)).days
        assert (rests.slug, days) == ("acme", settings.SUBDOMAIN_QUARANTINE_DAYS)
        QuarantinedSubdomain.objects.update(until=timezone.now() - timedelta(seconds=1))

    tenant, _owner = open_again()

    assert tenant.schema_name != acme.schema_name


def test_whoever_types_a_resting_name_is_told_and_offered_others(acme, base_client, sign_up_data):
    delete_tenant(tenant=acme)

    with public_context():
        judged = availability.check(subdomain="acme")
    page = base_client.get("/signup/check/", {"subdomain": "acme"}).content.decode()
    answer = base_client.post("/signup/", sign_up_data(subdomain="acme"))

    assert (judged.state, judged.origin) == ("resting", "")
    assert "acme" not in judged.suggestions
    assert judged.suggestions
    assert "was in use until recently and is reserved until" in page
    assert answer.status_code == 422
    assert "was in use until recently and is reserved until" in answer.content.decode()


def test_a_suggestion_is_no_resting_name(acme):
    delete_tenant(tenant=acme)

    with public_context():
        assert availability.check(subdomain="", organization="Acme").suggestion == "acme-team"


def test_who_asked_before_the_closing_does_not_get_the_name(committed, acme, monkeypatch):
    """The early look says "free" here, as it may to whoever looks at the wrong moment."""
    delete_tenant(tenant=acme)
    monkeypatch.setattr("tenants.signup.services.refuse_taken", lambda *_: None)

    with pytest.raises(SubdomainQuarantinedError):
        open_again()

    with public_context():
        assert not Tenant.objects.filter(slug="acme").exists()


# --- The command ---


def test_the_command_asks_for_the_subdomain(acme, globex):
    with pytest.raises(CommandError, match="Confirm it with --yes acme"):
        run("delete_tenant", "acme")
    with pytest.raises(CommandError, match="nothing was deleted"):
        run("delete_tenant", "acme", yes="globex")
    assert traces(acme)["tenant"] == 1

    said = run("delete_tenant", "acme", yes="acme")

    assert said == "Deleted Acme (acme).\nacme is reserved for 90 days.\n"
    assert [traces(t)["tenant"] for t in (acme, globex)] == [0, 1]


def test_the_command_can_free_the_name(acme):
    run("delete_tenant", "acme", "--free-name", yes="acme")

    assert open_again()[0].slug == "acme"


def test_somebody_at_a_terminal_types_it(acme, monkeypatch):
    monkeypatch.setattr("operations.management.commands.delete_tenant.is_interactive", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "acme ")

    run("delete_tenant", "acme")

    assert traces(acme)["tenant"] == 0
