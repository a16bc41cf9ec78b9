"""The database's own guards, and the same database without them: roles, rows, contexts.

As in `mutations`, but for what PostgreSQL keeps. Statements run as an administrator, in the
database of one test.
"""

import re

from tests.promises.isolation.backend_mutations import statement_changed
from tests.promises.isolation.mutations import mutation, without_rows_of_their_own

# What a test's statements may name: see `loosen` of test_mutations.
SHARED = ("tasks_message", "tenants_directoryentry", "tenants_tenant", "tenants_domain")
# The login as a wide role, as services have that know no other.
WIDE = (
    "GRANT USAGE ON SCHEMA public, {acme}, {globex} TO {login}",
    "GRANT ALL ON ALL TABLES IN SCHEMA public, {acme}, {globex} TO {login}",
    "GRANT ALL ON ALL SEQUENCES IN SCHEMA public, {acme}, {globex} TO {login}",
    *(f"CREATE POLICY wide ON public.{table} TO {{login}} USING (true)" for table in SHARED),
)


# --- The context's statement ---


@mutation(
    "A transaction has a role",
    "goes_round",
    database=WIDE,
    refusal="permission denied",
)
def leaves_the_role_out():
    pattern = r"pg_catalog\.set_config\('role', '[^']*', true\),"
    with statement_changed(lambda statement: re.sub(pattern, "", statement)):
        yield


@mutation("A role ends with its transaction", "runs_a_program")
def keeps_the_role_for_the_session():
    pattern = r"(set_config\('role', '[^']*'), true\)"
    with statement_changed(lambda statement: re.sub(pattern, r"\1, false)", statement)):
        yield


@mutation("A schema that is gone is an error", "asks_what_is_gone")
def passes_over_a_schema_that_is_gone():
    """The database still shows no row of public's; an empty answer is no error, though."""
    with _without_a_look_at_the_schema():
        yield


@mutation(
    "A schema that is gone is an error, and a tenant's people see no operators",
    "asks_what_is_gone",
    database=("GRANT SELECT ON public.accounts_user TO {tenant}",),
)
def shows_operators_where_a_schema_is_gone():
    with _without_a_look_at_the_schema():
        yield


def _without_a_look_at_the_schema():
    pattern = r",\s*'[^']*'::pg_catalog\.regnamespace"
    return statement_changed(lambda statement: re.sub(pattern, "", statement))


# --- Rows ---


def _nothing():
    """The program stays as it is: what is gone is the database's own guard."""
    yield


for table in SHARED:
    _nothing.__name__ = f"shows_everybodys_rows_of_{table}"
    mutation(
        f"Row-level security on {table}",
        "goes_round",
        database=without_rows_of_their_own(table),
    )(_nothing)


@mutation(
    "A tenant's people write their own messages alone",
    "forges_messages",
    database=("ALTER POLICY tenant ON public.tasks_message WITH CHECK (true)",),
)
def lets_tenants_write_for_others():
    yield


@mutation(
    "A tenant's people change their own messages alone",
    "touches_every_message",
    database=without_rows_of_their_own("tasks_message"),
)
def lets_tenants_change_all_messages():
    yield


@mutation(
    "A visitor writes one kind of message",
    "forges_messages",
    database=("ALTER POLICY visitor ON public.tasks_message WITH CHECK (true)",),
)
def lets_visitors_write_any_message():
    yield


# --- Tables ---


@mutation(
    "A visitor reads no message",
    "goes_round",
    database=("GRANT SELECT ON public.tasks_message TO {visitor}",),
)
def lets_visitors_read_messages():
    """With the policy in its place, they could read the answers that others asked for."""
    yield


@mutation(
    "A tenant's people see no operators",
    "goes_round",
    database=("GRANT SELECT ON public.accounts_user TO {tenant}",),
)
def lets_tenants_read_operators():
    yield


@mutation(
    "A tenant's people see no operator's session",
    "goes_round",
    database=("GRANT SELECT ON public.django_session TO {tenant}",),
)
def lets_tenants_read_operators_sessions():
    yield


@mutation(
    "A visitor's role reads no users",
    "goes_round",
    database=(
        "GRANT USAGE ON SCHEMA {globex} TO {visitor}",
        "GRANT SELECT ON {globex}.accounts_user TO {visitor}",
    ),
)
def lets_visitors_read_people():
    yield


@mutation(
    "The relay's role reads no users",
    "goes_round",
    database=(
        "GRANT USAGE ON SCHEMA {acme} TO {relay}",
        "GRANT SELECT ON {acme}.accounts_profile TO {relay}",
    ),
)
def lets_the_relay_read_people():
    yield


@mutation(
    "A sign-up sees its own entries of the directory alone",
    "goes_round",
    database=("ALTER POLICY signup ON public.tenants_directoryentry USING (true)",),
)
def lets_sign_ups_read_the_directory():
    yield
