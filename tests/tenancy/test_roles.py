"""What the database itself refuses, whoever asks."""

import psycopg
import pytest
from django.core.management import CommandError
from django.db import ProgrammingError, connection, transaction

from accounts.models import Profile, User
from tasks.models import Message
from tasks.roles import RELAY
from tenancy import privileges
from tenancy.checks import roles_are_apart
from tenancy.context import database_role, public_context, workspace_context
from tenancy.inspection import role_faults
from tenancy.postgresql.search_path import context_statement
from tenancy.roles import MIGRATOR, TENANT, DatabaseRole, all_roles
from tenants.directory.services import answer_find
from tenants.models import DirectoryEntry, Domain, Tenant
from tenants.roles import OPERATOR, SIGNUP
from tenants.signup.services import Owner, open_tenant
from tests.commands import run
from tests.contexts import public_context as operators_context

DENIED = "permission denied"
POLICY = "row-level security"


def role() -> str:
    """Return whom the database takes us for, without the login's name in front."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0].rpartition("_")[2]


def execute(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def context_of(tenant, role):
    if role == TENANT:
        return workspace_context(tenant)
    return public_context(role)


# --- Which role ---


def test_each_context_has_its_role_and_each_block_gives_it_back(acme):
    with workspace_context(acme):
        assert role() == "tenant"
        with public_context():
            assert role() == "visitor"
        assert role() == "tenant"
    with public_context(RELAY):
        with public_context():
            assert role() == "relay"
        with workspace_context(acme):
            assert role() == "tenant"


def test_a_rollback_to_a_savepoint_gives_the_role_back(acme):
    with workspace_context(acme), transaction.atomic():
        assert role() == "tenant"
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            with public_context(OPERATOR):
                assert role() == "operator"
            raise ZeroDivisionError

        assert role() == "tenant"


def test_nothing_of_the_role_stays_on_the_connection(committed, acme):
    with workspace_context(acme):
        User.objects.count()

    plain = connection.connection.cursor()
    plain.wrapper = None
    left = plain.execute("SELECT current_user, current_setting('search_path')").fetchone()
    assert left == (privileges.login(), "pg_catalog")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        plain.execute("SELECT * FROM public.tenants_tenant")
    connection.close()


def test_a_sign_up_is_one_transaction_of_one_role(committed, monkeypatch):
    owner = Owner(full_name="Peter", email="peter@initech.test", password="correct horse battery")
    sent = []

    def spy(path, role):
        if connection.in_atomic_block:
            sent.append((path, role))
        return context_statement(path, role)

    monkeypatch.setattr("tenancy.postgresql.base.context_statement", spy)

    tenant, _ = open_tenant(organization="Initech", subdomain="initech", owner=owner)

    assert {role for _, role in sent} == {f"{privileges.login()}_signup"}
    assert any(tenant.schema_name in path for path, _ in sent)


# --- What each may do ---


@pytest.mark.parametrize("role", [role for role in all_roles() if role != MIGRATOR])
@pytest.mark.parametrize("table", privileges.public_tables())
def test_a_shared_table_is_read_by_those_who_were_given_it(acme, role, table):
    declared = privileges.shared_tables().get(table)
    given = declared.privileges if declared else {OPERATOR: "SELECT"}

    with context_of(acme, role):
        if "SELECT" in given.get(role, ""):
            execute(f"SELECT 1 FROM public.{table}")
        else:
            with pytest.raises(ProgrammingError, match=DENIED):
                execute(f"SELECT 1 FROM public.{table}")


@pytest.mark.parametrize("role", [role for role in all_roles() if role != MIGRATOR])
def test_only_a_sign_up_may_create_a_schema(acme, role):
    with context_of(acme, role):
        if role == SIGNUP:
            execute("CREATE SCHEMA t_new")
        else:
            with pytest.raises(ProgrammingError, match=DENIED):
                execute("CREATE SCHEMA t_new")


@pytest.mark.parametrize("role", ["visitor", "operator", "relay"])
def test_nobody_but_its_people_reads_a_tenants_schema(acme, make_user, role):
    make_user(acme)

    with public_context(DatabaseRole.defined[role]), pytest.raises(ProgrammingError, match=DENIED):
        execute(f"SELECT email FROM {acme.schema_name}.accounts_user")


def test_people_may_not_change_what_their_schema_is_made_of(acme):
    with workspace_context(acme):
        for statement in (
            "DROP TABLE accounts_profile",
            "CREATE TABLE mine (id int)",
            "DELETE FROM django_migrations",
        ):
            with pytest.raises(ProgrammingError, match=f"{DENIED}|must be owner"):
                execute(statement)


# --- Which rows ---


@pytest.fixture
def shared_rows(acme, globex, make_user, make_operator):
    """Messages and directory entries of two tenants, and a message of nobody's."""
    make_user(acme, "ada@acme.test")
    make_user(globex, "ada@globex.test")
    with operators_context():
        Message.objects.create(schema_name="public", kind="workspaces", task="t", key="k")


def test_people_see_their_own_rows_of_the_shared_tables(shared_rows, acme):
    with workspace_context(acme):
        assert set(Message.objects.values_list("schema_name", flat=True)) == {acme.schema_name}
        assert [e.schema_name for e in DirectoryEntry.objects.all()] == [acme.schema_name]
        assert list(Tenant.objects.all()) == [acme]
        assert [domain.tenant_id for domain in Domain.objects.all()] == [acme.pk]


def test_people_change_nobody_elses_rows(shared_rows, acme, globex):
    with workspace_context(acme):
        Message.objects.all().update(last_error="mine")
        assert Tenant.objects.filter(pk=globex.pk).update(name="Mine") == 0
        assert DirectoryEntry.objects.filter(schema_name=globex.schema_name).delete()[0] == 0
        with pytest.raises(ProgrammingError, match=POLICY), transaction.atomic():
            Message.objects.create(schema_name=globex.schema_name, kind="k", task="t", key="1")
        with pytest.raises(ProgrammingError, match=POLICY), transaction.atomic():
            Message.objects.all().update(schema_name=globex.schema_name)

    with operators_context():
        changed = Message.objects.filter(last_error="mine")
        assert {message.schema_name for message in changed} == {acme.schema_name}


def test_people_change_the_name_of_their_tenant_and_nothing_that_matters(acme):
    with workspace_context(acme):
        Tenant.objects.filter(pk=acme.pk).update(name="Acme & Co", language="ko")
        for column, value in (("slug", "globex2"), ("status", "suspended"), ("schema_name", "x")):
            with pytest.raises(ProgrammingError, match=DENIED), transaction.atomic():
                Tenant.objects.filter(pk=acme.pk).update(**{column: value})


def test_a_visitor_leaves_a_message_and_reads_none(shared_rows):
    with public_context():
        answer_find(email="ada@acme.test", language="en")
        for statement in (
            "SELECT kind FROM public.tasks_message",
            "UPDATE public.tasks_message SET attempts = 0",
            "DELETE FROM public.tasks_message",
        ):
            with pytest.raises(ProgrammingError, match=DENIED):
                execute(statement)

    with operators_context():
        assert Message.objects.filter(schema_name="public", kind="workspaces").count() == 2


@pytest.mark.parametrize("message", [("public", "password_reset"), ("acme", "workspaces")])
def test_a_visitor_writes_no_message_but_their_own_answer(acme, message):
    whose, kind = message
    schema_name = acme.schema_name if whose == "acme" else whose

    with public_context(), pytest.raises(ProgrammingError, match=POLICY), transaction.atomic():
        Message.objects.create(schema_name=schema_name, kind=kind, task="t", key="1")


def test_a_visitors_page_finds_no_way_to_an_operators_message(acme, make_operator, base_client):
    """A reset that an operator asked for and the answer of /find/ lie in the same table."""
    operator = make_operator()
    base_client.post("/operator/accounts/password/reset/", {"email": operator.email})
    base_client.post("/find/", {"email": operator.email})

    with operators_context():
        kinds = set(Message.objects.values_list("kind", flat=True))
    assert kinds == {"password_reset", "workspaces"}
    denied = pytest.raises(ProgrammingError, match=DENIED)
    # From a tenant's page as well, public is entered as a visitor.
    with workspace_context(acme), public_context(), denied, transaction.atomic():
        Message.objects.filter(user_id=operator.pk).exists()


def test_a_missing_table_is_an_error_and_never_the_operators_one(acme, make_operator):
    make_operator()
    owner = database_role(MIGRATOR)
    with owner, workspace_context(acme):
        execute("ALTER TABLE accounts_profile RENAME TO gone")

    denied = pytest.raises(ProgrammingError, match=DENIED)
    with workspace_context(acme), denied, transaction.atomic():
        Profile.objects.count()


# --- Whether it is so ---


def test_a_server_with_all_roles_has_no_faults(db):
    with public_context():
        assert role_faults() == []
    assert roles_are_apart(databases=["default"]) == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("GRANT SELECT ON accounts_user TO {tenant}", "{name}_tenant may use accounts_user"),
        ("GRANT DELETE ON tenants_tenant TO {login}", "{name} may use tenants_tenant"),
        ("ALTER TABLE tasks_message DISABLE ROW LEVEL SECURITY", "tasks_message has no row-level"),
    ],
)
def test_what_was_loosened_is_named_and_mended(committed, base_client, statement, fault):
    names = {"tenant": privileges.named(TENANT), "login": privileges.login()}
    with database_role(MIGRATOR), public_context():
        execute(statement.format(**names))

    (error,) = roles_are_apart(databases=["default"])

    assert error.id == "tenancy.E002"
    assert fault.format(name=privileges.login()) in error.msg
    assert base_client.get("/readyz").status_code == 503
    with database_role(MIGRATOR), public_context():
        for each in privileges.public_statements():
            execute(each)
    if "DELETE" not in statement:
        assert roles_are_apart(databases=["default"]) == []


def test_setting_up_twice_changes_nothing(db, settings, administrator):
    settings.DATABASE_ADMIN_URL = administrator

    assert "6 roles are ready" in run("setup_roles")
    assert roles_are_apart(databases=["default"]) == []


def test_setting_up_comes_before_the_migration_that_adds_a_column(
    committed, settings, administrator
):
    """An upgrade sets up first, with a release that gives privileges on columns to come."""
    name = connection.settings_dict["NAME"]
    settings.DATABASE_ADMIN_URL = psycopg.conninfo.make_conninfo(administrator, dbname=name)
    with psycopg.connect(settings.DATABASE_ADMIN_URL, autocommit=True) as server:
        server.execute("ALTER TABLE tenants_tenant DROP deletion_due_at CASCADE")

    assert "6 roles are ready" in run("setup_roles")


def test_setting_up_asks_for_somebody_who_may(db, settings):
    settings.DATABASE_ADMIN_URL = ""

    with pytest.raises(CommandError, match="DATABASE_ADMIN_URL has to name"):
        run("setup_roles")


def test_an_operators_cookie_means_nothing_outside_the_console(operator_client):
    assert operator_client.get("/").status_code == 200
    assert operator_client.get("/signup/").status_code == 200
    assert operator_client.get("/operator/").status_code == 200
