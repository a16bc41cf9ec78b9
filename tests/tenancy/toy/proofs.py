"""The engine without the service: run by `tests/tenancy/test_toy.py` in a process of its own."""

import io
import os
import sys

import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from tenancy import privileges, revisions, schema_pool, schemas
from tenancy.context import (
    current_schema,
    database_role,
    load_workspace,
    public_context,
    workspace_context,
)
from tenancy.errors import TenantMissingError, TenantUnknownError
from tenancy.models import SchemaSnapshot
from tenancy.postgresql.search_path import ContextMissingError
from tenancy.provisioning.building import build
from tenancy.provisioning.comparison import differences
from tenancy.provisioning.fingerprint import release_digest
from tenancy.provisioning.snapshots import snapshot_of
from tenancy.roles import MIGRATOR
from tenancy.schema_migrations import shared
from tenancy.schema_migrations.report import Progress, Report
from tenancy.schema_migrations.revision_sync import drift, synced_revisions
from tenancy.schema_migrations.runner import Run, RunOptions
from tests.tenancy.toy.clubs.models import Club, Domain
from tests.tenancy.toy.notes.models import Note, Stamp

OURS = {"accounts", "tenants", "tasks", "operations", "saas"}


@pytest.fixture(scope="session", autouse=True)
def _database(django_db_blocker):
    """Make roles and public's tables in the empty database of DATABASE_URL."""
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as server:
        for statement in (
            *privileges.role_statements(),
            *privileges.database_statements(server.info.dbname),
            *privileges.schema_statements(),
        ):
            server.execute(statement)
    with django_db_blocker.unblock():
        with database_role(MIGRATOR), public_context(), shared.locked():
            shared.bring_up_to_date(lambda: migrate(shared=True), attempts=1)
        yield
        connection.close()


def migrate(**options):
    call_command("migrate_schemas", interactive=False, verbosity=0, **options)


@pytest.fixture
def open_club():
    """Open a tenant, in a schema that is replayed, or in a ready one."""
    opened = []

    def make(slug, schema_name=None):
        with database_role(MIGRATOR), public_context(), transaction.atomic():
            club = Club(slug=slug, revision=str(revisions.target()))
            if schema_name:
                club.schema_name = schema_name
            else:
                schemas.create_schema(schema_name=club.schema_name)
            club.save()
            Domain.objects.create(domain=f"{slug}.test", tenant=club, is_primary=True)
        opened.append(club)
        return club

    yield make
    with database_role(MIGRATOR), public_context():
        for club in opened:
            schemas.drop_schema(schema_name=club.schema_name)
        Domain.objects.all().delete()
        Club.objects.all().delete()


def test_no_app_of_ours_is_there():
    assert not OURS & {config.name for config in apps.get_app_configs()}
    assert not OURS & {name.partition(".")[0] for name in sys.modules}


def test_public_is_up_to_date_and_has_a_snapshot():
    with database_role(MIGRATOR), public_context():
        assert shared.is_up_to_date()
        assert snapshot_of(release_digest())


def test_a_replayed_schema_is_like_a_migrated_one(open_club):
    replayed = open_club("replayed").schema_name
    with database_role(MIGRATOR), public_context(), transaction.atomic():
        build("t_migrated")
        assert differences("t_migrated", replayed) == []
        transaction.set_rollback(True)


def test_the_pool_has_a_schema_for_the_next_tenant(open_club):
    assert schema_pool.fill() == 1
    with database_role(MIGRATOR), public_context():
        ready = schema_pool.claim(digest=release_digest())
        assert schema_pool.claim(digest=release_digest()) is None

    with workspace_context(open_club("pooled", ready)):
        assert Note.objects.create(text="hello").pk


def test_a_query_without_a_context_is_refused():
    with pytest.raises(ContextMissingError):
        Note.objects.exists()
    with pytest.raises(TenantMissingError):
        current_schema()


def test_a_context_of_no_schema_is_refused():
    with pytest.raises(TenantUnknownError):
        load_workspace("t_unknown")
    unknown = workspace_context(Club(schema_name="t_unknown"))
    with pytest.raises(ProgrammingError, match="t_unknown"), unknown:
        Note.objects.exists()


def test_a_visitor_reads_no_table_that_is_not_declared(open_club):
    open_club("one")
    with public_context():
        assert Domain.objects.count() == 1
        with pytest.raises(ProgrammingError, match="permission denied"):
            SchemaSnapshot.objects.exists()


def test_a_tenant_sees_its_own_rows_alone(open_club):
    one, other = open_club("one"), open_club("other")
    for club in (one, other):
        with workspace_context(club):
            Note.objects.create(text=f"of {club.slug}")

    with workspace_context(one):
        assert [note.text for note in Note.objects.all()] == ["of one"]
        assert list(Club.objects.all()) == [one]
        assert [domain.domain for domain in Domain.objects.all()] == ["one.test"]
    with workspace_context(load_workspace(other.schema_name)):
        assert [note.text for note in Note.objects.all()] == ["of other"]


def test_rows_of_all_tenants_stand_in_one_table_and_each_sees_its_own(open_club):
    one, other = open_club("one"), open_club("other")
    for club in (one, other):
        assert schemas.missing_tables(
            schema_name=club.schema_name, tables=["notes_note", "notes_stamp"]
        ) == ["notes_stamp"]
        with workspace_context(club):
            Stamp.objects.create(text=f"of {club.slug}")

    with workspace_context(one):
        assert [(row.text, row.schema_name) for row in Stamp.objects.all()] == [
            ("of one", one.schema_name)
        ]
        assert Stamp.objects.filter(schema_name=other.schema_name).delete()[0] == 0
        with pytest.raises(ProgrammingError, match="row-level security"):
            Stamp.objects.create(text="theirs", schema_name=other.schema_name)
    with public_context(), pytest.raises(ProgrammingError, match="permission denied"):
        Stamp.objects.exists()
    with pytest.raises(TenantMissingError):
        Stamp(text="of none")
    with database_role(MIGRATOR), public_context():
        assert Stamp.objects.all().delete()[0] == 2


def test_schemas_that_are_behind_are_migrated(open_club):
    clubs = [open_club(slug) for slug in ("one", "two")]
    with database_role(MIGRATOR), public_context(), synced_revisions():
        for club in clubs:
            migrate(schema_name=club.schema_name, app_label="notes", migration_name="0001")
    with workspace_context(clubs[0]), pytest.raises(ProgrammingError, match="is_done"):
        list(Note.objects.all())

    report = Report(revisions.target())
    with database_role(MIGRATOR), public_context():
        Run(options=RunOptions(workers=2), report=report, progress=Progress(io.StringIO())).run()
        assert list(drift()) == []

    assert set(report.migrated) == {club.schema_name for club in clubs}
    with workspace_context(clubs[0]):
        assert Note.objects.create(text="done", is_done=True).is_done
