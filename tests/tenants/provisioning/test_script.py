"""The release's script: made once, replayed by its own release alone, and never in the way."""

import threading
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from tasks.roles import DatabaseRole
from tasks.workspace import acting_as, public_context, workspace_context
from tenants import schemas
from tenants.models import SchemaScript, Tenant, new_schema_name
from tenants.postgresql.base import DatabaseWrapper
from tenants.provisioning import digest, script
from tenants.provisioning.building import replay
from tenants.provisioning.comparison import differences


@pytest.fixture(autouse=True)
def read_anew():
    """Each test has the database's script, not the process's."""
    script.forget()
    yield
    script.forget()


@pytest.fixture
def no_script(db):
    with public_context(DatabaseRole.MIGRATOR):
        SchemaScript.objects.all().delete()


@pytest.fixture
def migrations_run(monkeypatch):
    """Which schemas were made by migrations."""
    names = []
    real = schemas.build
    monkeypatch.setattr(schemas, "build", lambda name: (names.append(name), real(name)))
    return names


def scripts():
    with public_context(DatabaseRole.OPERATOR):
        return dict(SchemaScript.objects.values_list("digest", "statements"))


def running():
    with public_context():
        return digest.release_digest()


def test_migrating_the_shared_tables_has_made_the_script(db):
    assert list(scripts()) == [running()]


def test_a_schema_is_made_by_the_script(db, migrations_run):
    schemas.create_schema(schema_name=new_schema_name())

    assert migrations_run == []


def test_where_there_is_none_migrations_run_and_the_script_is_made_anew(no_script, migrations_run):
    first, second = new_schema_name(), new_schema_name()

    schemas.create_schema(schema_name=first)
    assert migrations_run == [first]
    assert script.prepare()
    schemas.create_schema(schema_name=second)

    assert migrations_run == [first]
    assert list(scripts()) == [running()]
    with acting_as(DatabaseRole.SIGNUP), public_context():
        assert differences(first, second) == []


def test_making_one_leaves_no_schema(no_script):
    before = schemas.tenant_schemas()

    assert script.prepare()

    assert schemas.tenant_schemas() == before


def test_another_releases_script_is_not_replayed(db, monkeypatch, migrations_run):
    monkeypatch.setattr(digest, "_of_files", lambda: "the next release's files")
    name = new_schema_name()

    schemas.create_schema(schema_name=name)

    assert migrations_run == [name]


@pytest.mark.parametrize("folder", ["accounts/migrations", "tenants/provisioning/queries"])
def test_the_digest_follows_the_files(db, monkeypatch, tmp_path, folder):
    before = running()
    later = tmp_path / folder / "0099_later.py"
    later.parent.mkdir(parents=True)
    later.write_text("operations = []")
    real = list(digest._sources())
    monkeypatch.setattr(digest, "_sources", lambda: [*real, later])
    assert any(folder in str(path) for path in real)

    digest._of_files.cache_clear()
    after = running()
    later.write_text("operations = [1]")
    digest._of_files.cache_clear()
    changed = running()
    monkeypatch.undo()
    digest._of_files.cache_clear()

    assert len({before, after, changed}) == 3
    assert running() == before


def test_the_digest_follows_the_content_types_that_this_release_knows(db):
    before = running()

    with public_context(DatabaseRole.MIGRATOR):
        ContentType.objects.create(app_label="later", model="release")
        digest.forget()
        assert running() == before
        ContentType.objects.filter(app_label="accounts", model="user").update(model="gone")
        digest.forget()

    assert running() != before


def test_a_migration_that_writes_something_for_one_tenant_alone_makes_no_script(
    no_script, monkeypatch, caplog, run_in
):
    real = script.build

    def build(name):
        real(name)
        run_in(name, "INSERT INTO auth_group (name) VALUES (gen_random_uuid()::text)")

    monkeypatch.setattr(script, "build", build)

    assert not script.prepare()

    assert scripts() == {}
    assert "No script was made" in caplog.text
    assert "this row in auth_group" in caplog.text


def test_what_couldnt_be_made_isnt_tried_at_each_sign_up(no_script, monkeypatch, caplog):
    tried = []

    def build(name):
        tried.append(name)
        raise ProgrammingError("no")

    monkeypatch.setattr(script, "build", build)

    assert [script.prepare(), script.prepare()] == [None, None]
    assert len(tried) == 1
    script.forget()
    assert not script.prepare()
    assert len(tried) == 2


def test_a_script_that_fails_leaves_the_schema_to_the_migrations(db, migrations_run, caplog):
    with public_context(DatabaseRole.MIGRATOR):
        row = SchemaScript.objects.get()
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
    with acting_as(DatabaseRole.SIGNUP), public_context(), refused:
        replay(name, statements)

    assert name not in schemas.tenant_schemas()


def test_the_context_is_right_within_a_pipeline_and_behind_it(release_script, acme):
    name = new_schema_name()
    noted = "CREATE TABLE noted AS SELECT current_schemas(false)::text AS path, current_user AS who"

    with acting_as(DatabaseRole.SIGNUP), workspace_context(acme):
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
    with public_context(DatabaseRole.MIGRATOR):
        SchemaScript.objects.all().delete()
    is_making, may_end = threading.Event(), threading.Event()
    real = script._rendered
    monkeypatch.setattr(
        script, "_rendered", lambda: (is_making.set(), may_end.wait(60), real())[-1]
    )
    answers = []

    def work():
        answers.append(script.prepare())
        connection.close()

    # Each thread plays a process of its own: they meet at the row.
    monkeypatch.setattr(script, "_making", threading.Semaphore(2))
    thread = threading.Thread(target=work)
    thread.start()
    assert is_making.wait(60)

    assert not script.prepare()
    assert script._failed_at == {}
    may_end.set()
    thread.join(60)

    assert answers == [running()]
    assert script.prepare()
    assert len(scripts()) == 1


def test_scripts_of_releases_long_gone_go(db):
    with public_context(DatabaseRole.MIGRATOR):
        for number in range(script.KEPT + 2):
            later = timezone.now() + timedelta(days=number + 1)
            SchemaScript.objects.create(digest=f"release-{number}", deployed_at=later)

    script._prune()

    assert sorted(scripts()) == [f"release-{n}" for n in range(2, script.KEPT + 2)]


def test_making_a_schema_looks_through_nobodys_tables(release_script, monkeypatch):
    """With thousands of schemas, finding `ALL TABLES` of one takes longer than making it."""
    sent, real = [], DatabaseWrapper.pipeline
    monkeypatch.setattr(
        DatabaseWrapper, "pipeline", lambda self, each: real(self, sent.extend(each) or sent)
    )

    with acting_as(DatabaseRole.SIGNUP), public_context():
        replay(new_schema_name(), release_script)

    (granted,) = [each for each in sent if each.startswith("GRANT") and " ON SCHEMA " not in each]
    assert "ALL TABLES" not in granted
    assert granted.count('"accounts_user"') == 1
