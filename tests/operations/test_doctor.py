"""The doctor: each kind of debris is found and fixed; what is in flight or whole is not."""

import io
import itertools
import os
import subprocess
import sys
import uuid
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import Profile, User
from operations.doctor import structure
from operations.doctor.reading import unmatched
from tasks.models import Message
from tenancy import schemas
from tenancy.context import database_role, workspace_context
from tenancy.roles import MIGRATOR
from tenancy.stored_files import stored_files
from tenants.lifecycle.deletion import delete_tenant
from tenants.models import DirectoryEntry, Domain, QuarantinedSubdomain, Tenant
from tenants.signup import services as signup
from tests.contexts import public_context

OWNER = signup.Owner("Ada Lovelace", "ada@next.test", "correct horse battery staple")


@pytest.fixture
def people(acme, globex, make_user):
    """The same person in both tenants: what is wrong with one must not touch the other."""
    return [make_user(tenant, "ada@one.test") for tenant in (acme, globex)]


def sql(statement):
    owner = database_role(MIGRATOR)
    with owner, public_context(), connection.cursor() as cursor:
        cursor.execute(statement)


def transcript(*options):
    """Return what the doctor says, whether it ends well or not."""
    out = io.StringIO()
    try:
        call_command("doctor", *options, stdout=out, stderr=io.StringIO())
    except CommandError as error:
        out.write(f"LEFT: {error}")
    return out.getvalue()


def old_picture(schema_name, media, name="old.webp"):
    path = media / schema_name / "accounts_profile" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"pixels")
    past = (timezone.now() - timedelta(days=1)).timestamp()
    os.utime(path, (past, past))
    return path


# --- Each kind ---


def stray_schema(acme, media):
    sql("CREATE SCHEMA t_0123456789abcdef")
    return "The schema t_0123456789abcdef belongs to no tenant."


def lost_schema(acme, media):
    sql(f'SET CONSTRAINTS ALL IMMEDIATE; DROP SCHEMA "{acme.schema_name}" CASCADE')
    return "The tenant acme has no schema"


def no_host(acme, media):
    with public_context():
        Domain.objects.filter(tenant=acme).delete()
    return "The tenant acme can't be reached"


def no_primary(acme, media):
    with public_context():
        Domain.objects.filter(tenant=acme).update(is_primary=False)
    return "No host of acme is the primary one"


def entry_without_user(acme, media):
    with public_context():
        DirectoryEntry.objects.create(
            schema_name=acme.schema_name, user_id=uuid.uuid4(), address_hash="x"
        )
    return "acme: 1 entries of the directory belong to no user."


def user_without_entry(acme, media):
    with public_context():
        DirectoryEntry.objects.filter(schema_name=acme.schema_name).delete()
    return "acme: the directory lacks 1 people"


def entry_of_another_address(acme, media):
    with public_context():
        DirectoryEntry.objects.filter(schema_name=acme.schema_name).update(address_hash="old")
    return "acme: the directory lacks 1 people"


def entry_of_no_tenant(acme, media):
    with public_context():
        DirectoryEntry.objects.create(schema_name="t_gone", user_id=uuid.uuid4(), address_hash="x")
    return "1 rows of tenants.DirectoryEntry name the schema t_gone"


def user_without_profile(acme, media):
    with workspace_context(acme):
        Profile.objects.all().delete()
    return "acme: 1 people have no profile."


def user_without_address(acme, media):
    with workspace_context(acme):
        EmailAddress.objects.all().delete()
    return "acme: 1 people have no e-mail address."


def message_of_no_tenant(acme, media):
    with public_context():
        Message.objects.create(schema_name="t_gone", kind="welcome", task="x", key="k")
    return "1 rows of tasks.Message name the schema t_gone"


def picture_of_no_tenant(acme, media):
    old_picture("t_gone", media)
    return "1 files are stored for t_gone"


def picture_of_nobody(acme, media):
    old_picture(acme.schema_name, media)
    return "acme: 1 files belong to no row"


def sessions_that_nobody_prunes(acme, media):
    with workspace_context(acme):
        past = timezone.now() - timedelta(days=3)
        Session.objects.create(session_key="k", session_data="", expire_date=past)
    return "acme: 1 sessions ended long ago."


MENDABLE = [
    stray_schema, lost_schema, no_host, no_primary, entry_without_user, user_without_entry,
    entry_of_another_address, entry_of_no_tenant, user_without_profile, user_without_address,
    message_of_no_tenant, picture_of_no_tenant, picture_of_nobody, sessions_that_nobody_prunes,
]  # fmt: skip


@pytest.mark.parametrize("break_it", MENDABLE, ids=lambda f: f.__name__)
def test_debris_is_named_then_mended_and_the_neighbour_stays_whole(
    acme, globex, people, media, break_it
):
    assert transcript() == "No findings.\n"
    sentence = break_it(acme, media)

    shown = transcript()
    assert sentence in shown
    assert "  Would " in shown
    assert "findings are left." in shown
    assert "globex" not in shown
    # Saying it has changed nothing.
    assert transcript() == shown

    assert "are fixed." in transcript("--fix")
    assert transcript() == "No findings.\n"
    with workspace_context(globex):
        assert User.objects.get().profile


def test_a_tenant_without_schema_is_closed_through_the_service(acme, globex, people, media):
    lost_schema(acme, media)

    transcript("--fix")

    with public_context():
        assert [tenant.slug for tenant in Tenant.objects.all()] == ["globex"]
        assert {m.schema_name for m in Message.objects.all()} == {globex.schema_name}
    with public_context():
        assert QuarantinedSubdomain.objects.get().slug == "acme"


def test_a_schema_that_migrations_can_mend_is_migrated(acme, people):
    owner = database_role(MIGRATOR)
    with owner, workspace_context(acme), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'usersessions'")
        cursor.execute("DROP TABLE usersessions_usersession")

    # A table is missing, and its migrations are known to be missing: running them is safe.
    assert "Fixed: run them" in transcript("--fix")
    assert transcript() == "No findings.\n"


def test_a_table_that_is_missing_though_its_migrations_ran_is_left_to_a_person(acme, people):
    owner = database_role(MIGRATOR)
    with owner, workspace_context(acme), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DROP TABLE usersessions_usersession")

    shown = transcript("--fix")

    assert "The schema of acme lacks usersessions_usersession, though its" in shown
    assert "By hand: restore it from a backup" in shown
    assert "LEFT: 1 of 1 findings are left." in shown


def test_a_host_that_leads_elsewhere_is_left_to_a_person(acme, globex, people):
    with public_context():
        Domain.objects.filter(tenant=acme).update(tenant=globex, is_primary=False)

    shown = transcript("--fix")

    assert "The host acme.localhost leads to globex instead of acme." in shown
    assert "LEFT:" in shown


def test_one_that_cannot_be_mended_does_not_keep_the_others(acme, people, media, monkeypatch):
    stray_schema(acme, media)
    message_of_no_tenant(acme, media)
    monkeypatch.setattr("tenancy.schemas.drop_schema", lambda **_: 1 / 0)

    shown = transcript("--fix")

    assert "Could not drop it: ZeroDivisionError" in shown
    with public_context():
        assert not Message.objects.of_schema("t_gone").exists()


def test_a_picture_in_use_and_one_on_its_way_in_are_no_debris(acme, people, media):
    with workspace_context(acme):
        people[0].profile.picture.save("ada.webp", ContentFile(b"pixels"))
        name = people[0].profile.picture.name
    past = (timezone.now() - timedelta(days=1)).timestamp()
    os.utime(media / name, (past, past))
    (media / acme.schema_name / "accounts_profile" / "young.webp").write_bytes(b"pixels")

    assert transcript() == "No findings.\n"


def test_an_older_release_deletes_no_files_that_a_newer_one_may_name(acme, people, media):
    old_picture(acme.schema_name, media)
    with database_role(MIGRATOR), workspace_context(acme), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('accounts', '0999_albums', now())"
        )

    shown = transcript("--fix")

    assert "acme: 1 files belong to no row" in shown
    assert "this one lacks the migration accounts.0999_albums" in shown
    assert (media / acme.schema_name / "accounts_profile" / "old.webp").exists()


def test_somebody_elses_files_are_left_alone(acme, people, media):
    old_picture("exports", media)

    assert transcript("--fix") == "No findings.\n"
    assert (media / "exports" / "accounts_profile" / "old.webp").exists()


# --- In flight ---


@pytest.mark.parametrize("moments", list(itertools.product(range(5), repeat=2)))
def test_whoever_comes_and_goes_between_the_readings_is_no_debris(moments):
    """One comes and one goes at every pair of moments; both sides change at once."""
    comes_at, goes_at = moments
    left, right = {"goes", "stays", "stray"}, {"goes", "stays", "lost"}
    moment = itertools.count()

    def reader(side):
        def read():
            now = next(moment)
            gone = {"goes"} if now >= goes_at else set()
            come = {"comes"} if now >= comes_at else set()
            return (side - gone) | come

        return read

    assert unmatched(reader(left), reader(right)) == ({"stray"}, {"lost"})


@pytest.mark.parametrize("at", range(4))
def test_a_sign_up_and_a_closing_between_the_readings_are_no_debris(committed, acme, globex, at):
    """Real ones, between any two of the four readings of schemas and tenants."""
    reading = itertools.count()

    def then(read):
        def wrapped():
            if next(reading) == at:
                signup.open_tenant(organization="Next", subdomain="next", owner=OWNER)
                delete_tenant(tenant=acme)
            return read()

        return wrapped

    found = unmatched(then(schemas.tenant_schemas), then(structure.owned_schemas))

    assert found == (set(), set())


def test_a_sign_up_that_has_not_committed_is_no_debris(committed, acme, globex, monkeypatch):
    """Looked at by another connection, when everything is made and nothing is committed."""
    seen = []

    def look(*_, **__):
        seen.append(manage_doctor())
        return real(*_, **__)

    real = User.objects.create_user
    monkeypatch.setattr(User.objects, "create_user", look)

    signup.open_tenant(organization="Next", subdomain="next", owner=OWNER)

    assert [(done.returncode, done.stdout) for done in seen] == [(0, "No findings.\n")]


def manage_doctor(*options, media=None):
    return subprocess.run(
        [sys.executable, "manage.py", "doctor", *options],
        cwd=django_settings.BASE_DIR, env=_environment(media),
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def _environment(media=None):
    """Lead a process of its own to this test's database and files."""
    name = connection.settings_dict["NAME"]
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    media = media or django_settings.MEDIA_ROOT
    return {**os.environ, "DATABASE_URL": url, "MEDIA_ROOT": str(media)}


# --- Killed ---

DIES_BEFORE_THE_FILES = """
import os, signal
import django
django.setup()
from tests.contexts import public_context
from tenants.lifecycle import deletion
from tenants.models import Tenant
deletion.discard_files = lambda **_: os.kill(os.getpid(), signal.SIGKILL)
with public_context():
    tenant = Tenant.objects.get(slug="acme")
deletion.delete_tenant(tenant=tenant)
"""


def test_what_a_killed_closing_leaves_is_found_and_cleared(committed, acme, globex, people, media):
    for tenant, person in zip((acme, globex), people, strict=True):
        with workspace_context(tenant):
            person.profile.picture.save("ada.webp", ContentFile(b"pixels"))

    done = subprocess.run(
        [sys.executable, "-c", DIES_BEFORE_THE_FILES], cwd=django_settings.BASE_DIR,
        env=_environment(), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert done.returncode == -9, done.stderr
    with public_context():
        assert [tenant.slug for tenant in Tenant.objects.all()] == ["globex"]
    assert acme.schema_name not in schemas.tenant_schemas()
    assert f"1 files are stored for {acme.schema_name}" in transcript()
    assert "All 1 are fixed." in transcript("--fix")
    assert stored_files(schema_name=acme.schema_name) == []
    assert len(stored_files(schema_name=globex.schema_name)) == 1
    assert manage_doctor().returncode == 0
