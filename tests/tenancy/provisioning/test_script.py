"""The release's script: made once, replayed by its own release alone, and never in the way."""

import threading
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from tenancy import schemas
from tenancy.context import database_role, public_context, workspace_context
from tenancy.models import SchemaSnapshot, new_schema_name
from tenancy.postgresql.base import DatabaseWrapper
from tenancy.provisioning import fingerprint, snapshots
from tenancy.provisioning.building import replay
from tenancy.provisioning.comparison import differences
from tenancy.roles import MIGRATOR
from tenants.models import Tenant
from tenants.roles import OPERATOR, SIGNUP


@pytest.fixture(autouse=True)
def read_anew():
    """Each test has the database's script, not the process's."""
    snapshots.forget()
    yield
    snapshots.forget()


@pytest.fixture
def no_script(db):
    with public_context(MIGRATOR):
        SchemaSnapshot.objects.all().delete()


@pytest.fixture
def migrations_run(monkeypatch):
    """Which schemas were made by migrations."""
    names = []
    real = schemas.build
    monkeypatch.setattr(schemas, "build", lambda name: (names.append(name), real(name)))
    return names


def scripts():
    with public_context(OPERATOR):
        return dict(SchemaSnapshot.objects.values_list("digest", "statements"))


def running():
    with public_context():
        return fingerprint.release_digest()


def test_migrating_the_shared_tables_has_made_the_script(db):
    assert list(scripts()) == [running()]


def test_a_schema_is_made_by_the_script(db, migrations_run):
    schemas.create_schema(schema_name=new_schema_name())

    assert migrations_run == []


def test_where_there_is_none_migrations_run_and_the_script_is_made_anew(no_script, migrations_run):
    first, second = new_schema_name(), new_schema_name()

    schemas.create_schema(schema_name=first)
    assert migrations_run == [first]
    assert snapshots.prepare()
    schemas.create_schema(schema_name=second)

    assert migrations_run == [first]
    assert list(scripts()) == [running()]
    with database_role(SIGNUP), public_context():
        assert differences(first, second) == []


def test_making_one_leaves_no_schema(no_script):
    before = schemas.tenant_schemas()

    assert snapshots.prepare()

    assert schemas.tenant_schemas() == before


def test_another_releases_script_is_not_replayed(db, monkeypatch, migrations_run):
    monkeypatch.setattr(fingerprint, "_of_files", lambda: "the next release's files")
    name = new_schema_name()

    schemas.create_schema(schema_name=name)

    assert migrations_run == [name]


@pytest.mark.parametrize("folder", ["accounts/migrations", "tenancy/provisioning/queries"])
def test_the_digest_follows_the_files(db, monkeypatch, tmp_path, folder):
    before = running()
    later = tmp_path / folder / "0099_later.py"
    later.parent.mkdir(parents=True)
    later.write_text("operations = []")
    real = list(fingerprint._sources())
    monkeypatch.setattr(fingerprint, "_sources", lambda: [*real, later])
    assert any(folder in str(path) for path in real)

    fingerprint._of_files.cache_clear()
    after = running()
    later.write_text("operations = [1]")
    fingerprint._of_files.cache_clear()
    changed = running()
    monkeypatch.undo()
    fingerprint._of_files.cache_clear()

    assert len({before, after, changed}) == 3
    assert running() == before


def test_the_digest_follows_the_content_types_that_this_release_knows(db):
    before = running()

    with public_context(MIGRATOR):
        ContentType.objects.create(app_label="later", model="release")
        fingerprint.forget()
        assert running() == before
        ContentType.objects.filter(app_label="accounts", model="user").update(model="gone")
        fingerprint.forget()

    assert running() != before


def test_a_migration_that_writes_something_for_one_tenant_alone_makes_no_script(
    no_script, monkeypatch, caplog, run_in
):
    real = snapshots.build

    def build(name):
        real(name)
        run_in(name, "INSERT INTO auth_group (name) VALUES (gen_random_uuid()::text)")

    monkeypatch.setattr(snapshots, "build", build)

    assert not snapshots.prepare()

    assert scripts() == {}
    assert "No script was made" in caplog.text
    assert "this row in auth_group" in caplog.text


def test_what_couldnt_be_made_isnt_tried_at_each_sign_up(no_script, monkeypatch, caplog):
    tried = []

    def build(name):
        tried.append(name)
        raise ProgrammingError("no")

    monkeypatch.setattr(snapshots, "build", build)

    assert [snapshots.prepare(), snapshots.prepare()] == [None, None]
    assert len(tried) == 1
    snapshots.forget()
    assert not snapshots.prepare()
    assert len(tried) == 2


def test_a_script_that_fails_leaves_the_schema_to_the_migrations(db, migrations_run, caplog):
    with public_context(MIGRATOR):
        row = SchemaSnapshot.objects.get()
        row.statements = [*row.statements[:5], "CREATE TABLE nonsense (id nonsense)"]
        row.save()
    name = new_schema_name()

    schemas.create_schema(schema_name=name)

    assert migrations_run == [name]
    assert "The script failed" in caplog.text
    assert 'type "nonsense" does not exist' in caplog.text


def test_the_statement_that_fails_says_why_and_leaves_nothing(db):
    name = new_schema_name()
    statements = ["CREATE TABLE one (id int)", "CREATE TABLE one (id int)", "CREATE TABLE two ()"]

    refused = pytest.raises(ProgrammingError, match='relation "one" already exists')
    with database_role(SIGNUP), public_context(), refused:
        replay(name, statements)

    assert name not in schemas.tenant_schemas()


def test_the_context_is_right_within_a_pipeline_and_behind_it(release_script, acme):
    name = new_schema_name()
    noted = "CREATE TABLE noted AS SELECT current_schemas(false)::text AS path, current_user AS who"

    with database_role(SIGNUP), workspace_context(acme):
        with public_context():
            replay(name, [*release_script, noted])
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema(), current_user")
            behind = cursor.fetchone()
        with workspace_context(Tenant(schema_name=name)), connection.cursor() as cursor:
            cursor.execute("SELECT path, who FROM noted")
            within = cursor.fetchone()

    role = f"{connection.settings_dict['USER']}_signup"
    assert within == (f"{{{name}}}", role)
    assert behind == (acme.schema_name, role)


def test_a_pipeline_wants_a_transaction(committed):
    with public_context(), pytest.raises(transaction.TransactionManagementError):
        connection.pipeline(["SELECT 1"])


def test_of_several_who_find_none_one_makes_it_and_nobody_waits(committed, monkeypatch):
    with public_context(MIGRATOR):
        SchemaSnapshot.objects.all().delete()
    is_making, may_end = threading.Event(), threading.Event()
    real = snapshots._rendered
    monkeypatch.setattr(
        snapshots, "_rendered", lambda: (is_making.set(), may_end.wait(60), real())[-1]
    )
    answers = []

    def work():
        answers.append(snapshots.prepare())
        connection.close()

    # Each thread plays a process of its own: they meet at the row.
    monkeypatch.setattr(snapshots, "_making", threading.Semaphore(2))
    thread = threading.Thread(target=work)
    thread.start()
    assert is_making.wait(60)

    assert not snapshots.prepare()
    assert snapshots._failed_at == {}
    may_end.set()
    thread.join(60)

    assert answers == [running()]
    assert snapshots.prepare()
    assert len(scripts()) == 1


def test_scripts_of_releases_long_gone_go(db):
    with public_context(MIGRATOR):
        for number in range(snapshots.SNAPSHOTS_KEPT + 2):
            later = timezone.now() + timedelta(days=number + 1)
            SchemaSnapshot.objects.create(digest=f"release-{number}", deployed_at=later)

    snapshots.deploy()

    assert sorted(scripts()) == [f"release-{n}" for n in range(2, snapshots.SNAPSHOTS_KEPT + 2)]


def test_making_a_schema_looks_through_nobodys_tables(release_script, monkeypatch):
    """With thousands of schemas, finding `ALL TABLES` of one takes longer than making it."""
    sent, real = [], DatabaseWrapper.pipeline
    monkeypatch.setattr(
        DatabaseWrapper, "pipeline", lambda self, each: real(self, sent.extend(each) or sent)
    )

    with database_role(SIGNUP), public_context():
        replay(new_schema_name(), release_script)

    (granted,) = [each for each in sent if each.startswith("GRANT") and " ON SCHEMA " not in each]
    assert "ALL TABLES" not in granted
    assert granted.count('"accounts_user"') == 1
