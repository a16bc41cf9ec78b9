"""The backend: every statement carries its tenant, and none goes without one."""

import threading

import pytest
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    connection,
    transaction,
)
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.models import User
from tenancy.context import database_role, workspace_context
from tenancy.postgresql.search_path import ContextMissingError, ContextUndoneError
from tenancy.roles import MIGRATOR
from tenancy.schemas import drop_schema
from tenants.domains.middleware import TenantMiddleware
from tests.contexts import public_context


@pytest.fixture
def people(acme, globex, make_user):
    """Look-alikes in both tenants."""
    make_user(acme, "ada@acme.test")
    make_user(globex, "ada@globex.test")
    make_user(globex, "bob@globex.test")


def emails():
    return sorted(User.objects.values_list("email", flat=True))


def test_a_query_without_a_tenant_raises(people):
    with pytest.raises(ContextMissingError):
        User.objects.count()


def test_each_context_reads_its_own_rows(acme, globex, people):
    with workspace_context(acme):
        assert emails() == ["ada@acme.test"]
        with workspace_context(globex):
            assert emails() == ["ada@globex.test", "bob@globex.test"]
        assert emails() == ["ada@acme.test"]
    with public_context():
        assert emails() == []


def test_a_schema_that_is_gone_is_not_replaced_by_public(acme, make_operator):
    make_operator()
    drop_schema(schema_name=acme.schema_name)

    with (
        workspace_context(acme),
        pytest.raises(DatabaseError, match="does not exist"),
        transaction.atomic(),
    ):
        emails()


def test_context_ends_with_its_block_even_on_an_error(acme, people):
    with pytest.raises(RuntimeError, match="boom"), workspace_context(acme):
        raise RuntimeError("boom")

    with pytest.raises(ContextMissingError):
        User.objects.count()


def test_a_savepoint_rollback_does_not_leave_another_tenants_path(acme, globex, people):
    with workspace_context(acme), transaction.atomic():
        assert emails() == ["ada@acme.test"]
        with pytest.raises(RuntimeError), transaction.atomic(), workspace_context(globex):
            assert len(emails()) == 2
            raise RuntimeError
        # The rollback has undone the switch to globex; who remembered it would read acme.
        with workspace_context(globex):
            assert emails() == ["ada@globex.test", "bob@globex.test"]
        assert emails() == ["ada@acme.test"]


def test_a_savepoint_of_psycopgs_own_does_not_leave_another_tenants_path(acme, globex, people):
    with workspace_context(acme), transaction.atomic():
        assert emails() == ["ada@acme.test"]
        with pytest.raises(RuntimeError), connection.connection.transaction():
            with workspace_context(globex):
                assert len(emails()) == 2
            raise RuntimeError
        with workspace_context(globex):
            assert emails() == ["ada@globex.test", "bob@globex.test"]
        assert emails() == ["ada@acme.test"]


def test_a_savepoint_of_psycopgs_own_does_not_leave_another_role(acme, people, make_operator):
    operator = make_operator()
    with public_context(), transaction.atomic():
        assert emails() == [operator.email]
        with pytest.raises(RuntimeError), connection.connection.transaction():
            with workspace_context(acme):
                assert working_as() == "tenant"
            raise RuntimeError
        with workspace_context(acme):
            assert emails() == ["ada@acme.test"]
            assert working_as() == "tenant"


def test_a_rollback_past_a_bare_cursor_does_not_leave_another_tenants_path(acme, globex, people):
    with workspace_context(acme), transaction.atomic():
        assert emails() == ["ada@acme.test"]
        bare = connection.connection.cursor()
        bare.execute("SAVEPOINT bare")
        with workspace_context(globex):
            assert len(emails()) == 2
        bare.execute("ROLLBACK TO SAVEPOINT bare")

        with workspace_context(globex):
            assert emails() == ["ada@globex.test", "bob@globex.test"]


@pytest.mark.parametrize(
    "message",
    [
        "ROLLBACK TO SAVEPOINT several; RELEASE SAVEPOINT several",
        "SELECT 1; ROLLBACK TO SAVEPOINT several; SAVEPOINT several",
        "SET LOCAL search_path TO {acme}",
        "DO $$ BEGIN SET LOCAL search_path TO {acme}; END $$",
    ],
)
def test_a_message_that_changes_the_context_does_not_leave_it(acme, globex, people, message):
    with workspace_context(acme), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SAVEPOINT several")
        with workspace_context(globex):
            assert len(emails()) == 2
            cursor.execute(message.format(acme=acme.schema_name))

            assert emails() == ["ada@globex.test", "bob@globex.test"]


def test_a_statement_behind_a_rollback_in_one_message_shows_and_writes_nothing(
    acme, globex, people
):
    message = """
        ROLLBACK TO SAVEPOINT several;
        UPDATE accounts_user SET full_name = 'Changed' RETURNING email
    """
    with workspace_context(acme):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SAVEPOINT several")
            with workspace_context(globex), pytest.raises(ContextUndoneError):
                cursor.execute(message)
            with pytest.raises(InterfaceError, match="closed"):
                cursor.fetchall()

        assert not User.objects.filter(full_name="Changed").exists()


def test_a_failed_statement_keeps_the_context(acme, globex, people):
    with workspace_context(acme):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(email="ADA@acme.test", full_name="Ada again")
        assert emails() == ["ada@acme.test"]
    with workspace_context(globex):
        assert len(emails()) == 2


def test_nothing_stays_on_the_connection(committed, acme, make_user):
    make_user(acme, "ada@acme.test")
    with workspace_context(acme):
        assert emails() == ["ada@acme.test"]

    path = connection.connection.execute("SHOW search_path").fetchone()

    assert path == ("pg_catalog",)


def test_autocommit_statements_carry_their_context_each(committed, acme, globex, make_user):
    make_user(acme, "ada@acme.test")
    make_user(globex, "gus@globex.test")

    for tenant, found in ((acme, "ada@acme.test"), (globex, "gus@globex.test")) * 2:
        with workspace_context(tenant):
            assert not connection.in_atomic_block
            assert emails() == [found]


def test_a_new_thread_has_no_context(committed, acme, make_user):
    make_user(acme)
    raised = []

    def work():
        try:
            User.objects.count()
        except ContextMissingError as error:
            raised.append(error)
        finally:
            connection.close()

    with workspace_context(acme):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert len(raised) == 1


def test_a_lazy_queryset_fails_once_its_context_is_gone(acme, people):
    with workspace_context(acme):
        lazy = User.objects.all()

    with pytest.raises(ContextMissingError):
        list(lazy)


def test_executemany_runs_each_statement_in_context(acme, globex, people):
    with workspace_context(acme), connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE accounts_user SET full_name = %s WHERE email = %s",
            [("Changed", "ada@acme.test"), ("Changed", "ada@globex.test")],
        )

    with workspace_context(globex):
        assert not User.objects.filter(full_name="Changed").exists()
    with workspace_context(acme):
        assert User.objects.filter(full_name="Changed").count() == 1


def test_ways_round_the_context_are_refused(acme, people):
    with workspace_context(acme):
        with connection.cursor() as cursor, pytest.raises(NotSupportedError):
            cursor.copy("COPY accounts_user TO STDOUT")
        with pytest.raises(NotSupportedError):
            connection.chunked_cursor()


def test_a_cursor_that_django_did_not_open_sees_no_table(acme, people):
    import psycopg

    with workspace_context(acme):
        User.objects.count()
        with pytest.raises(psycopg.errors.UndefinedTable), transaction.atomic():
            raw = connection.connection.cursor()
            raw.execute("SELECT set_config('search_path', 'pg_catalog', true)")
            raw.execute("SELECT * FROM accounts_user")


def test_introspection_lists_the_current_schemas_tables_alone(acme, people):
    with workspace_context(acme), connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)

    assert "accounts_user" in tables
    assert "tenants_tenant" not in tables


def test_a_statement_that_was_never_sent_leaves_no_context_behind(acme, globex, people):
    with transaction.atomic():
        with workspace_context(acme):
            assert emails() == ["ada@acme.test"]
        with workspace_context(globex):
            # psycopg refuses the NUL before anything is sent.
            with pytest.raises(DataError, match="NUL"):
                User.objects.filter(full_name="\0").exists()

            assert emails() == ["ada@globex.test", "bob@globex.test"]
            assert User.objects.update(language="ko") == 2
    with workspace_context(acme):
        assert not User.objects.filter(language="ko").exists()


def test_a_schema_editor_whose_last_statement_fails_leaves_its_transaction(committed, acme):
    with workspace_context(acme):
        outer, inner = transaction.atomic(), connection.schema_editor(atomic=True)
        with pytest.raises(DatabaseError), outer, inner as editor:
            editor.deferred_sql.append("ALTER TABLE nowhere ADD COLUMN x int")

        assert not connection.in_atomic_block
        User.objects.create_user("ada@acme.test", full_name="Ada")
        connection.close()
        assert emails() == ["ada@acme.test"]


def test_a_transaction_that_a_request_leaves_open_is_dropped(committed, acme, make_user, client_of):
    user = make_user(acme)
    client = client_of(acme, user)

    def leave_open(request):
        transaction.atomic().__enter__()
        User.objects.update(full_name="Written into nowhere")
        return HttpResponse("ok")

    middleware = TenantMiddleware(leave_open)
    request = RequestFactory(SERVER_NAME=acme.host).get("/")

    # The second finds the first one's connection dropped, and its own must go as well.
    for _ in range(2):
        assert middleware(request).status_code == 200
        assert not connection.in_atomic_block

    assert client.get("/").status_code == 200
    with workspace_context(acme):
        assert User.objects.get().full_name == user.full_name


def test_a_session_of_its_own_knows_its_tenant_and_no_other_and_ends(
    committed, acme, globex, make_user
):
    make_user(acme, "ada@acme.test")
    make_user(globex, "ada@globex.test")
    owner = database_role(MIGRATOR)
    with owner, workspace_context(acme), connection.alone():
        pid = session()
        with workspace_context(globex):
            assert emails() == ["ada@globex.test"]
        with transaction.atomic():
            assert emails() == ["ada@acme.test"]
            with workspace_context(globex):
                assert emails() == ["ada@globex.test"]
            assert emails() == ["ada@acme.test"]
        with connection.cursor() as cursor:
            # Refused in one message with anything else.
            cursor.execute("CREATE INDEX CONCURRENTLY alone ON accounts_user (full_name)")
        assert session() == pid

    with workspace_context(globex):
        assert session() != pid
        assert emails() == ["ada@globex.test"]


def working_as():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0].rpartition("_")[2]


def session():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]
