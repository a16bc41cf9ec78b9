"""Looking beside others at work: nobody's migration or end is told as trouble."""

import pytest
from django.db import ProgrammingError, connection

from tenancy.schema_migrations import dry_run
from tests.racing import at_once

# What both looks ask of the catalogue, and then of the schemas.
CATALOGUE, SCHEMAS = "relname", "array(SELECT app"


@pytest.fixture
def in_between():
    """Do something once, just before a question that has these words in it."""

    def prepare(words, action):
        actions = [action]

        def execute(call, sql, params, many, context):
            if words in sql and actions:
                actions.pop()()
            return call(sql, params, many, context)

        return connection.execute_wrapper(execute)

    return prepare


def close(past, tenant):
    past.execute(
        f"DROP SCHEMA {tenant.schema_name} CASCADE;"
        f"DELETE FROM tenants_domain WHERE tenant_id = {tenant.pk};"
        f"DELETE FROM tenants_tenant WHERE id = {tenant.pk}"
    )


@pytest.mark.parametrize("words", [CATALOGUE, SCHEMAS])
def test_the_audit_passes_over_who_is_closed_meanwhile(
    release, globex, migrate, past, in_between, words
):
    with in_between(words, lambda: close(past, globex)):
        assert "schemas match" in migrate(audit=True)


def test_the_audit_passes_over_who_is_migrated_meanwhile(release, acme, migrate, in_between):
    release.add_field("0900_colour")

    with in_between(CATALOGUE, lambda: at_once(1, lambda _: migrate())):
        assert "schemas match" in migrate(audit=True)


@pytest.mark.parametrize("words", [CATALOGUE, SCHEMAS])
def test_the_plan_passes_over_who_is_closed_meanwhile(
    release, acme, globex, migrate, past, in_between, words
):
    release.add_field("0900_colour")

    with in_between(words, lambda: close(past, globex)):
        said = migrate(plan=True)

    assert said.startswith("The target")
    assert "Of 1 schemas 1 are behind." in said
    assert "globex" not in said


def test_the_plan_passes_over_who_is_migrated_meanwhile(release, acme, migrate, in_between):
    release.add_field("0900_colour")

    with in_between(CATALOGUE, lambda: at_once(1, lambda _: migrate())):
        assert "Of 2 schemas 0 are behind." in migrate(plan=True)


@pytest.mark.parametrize("before", ["the first migration", "the rows said anything"])
def test_the_plan_says_when_it_is_too_early_to_tell(release, past, migrate, request, before):
    release.add_field("0900_colour")
    if before == "the first migration":
        request.getfixturevalue("emptied")
    else:
        past.execute("ALTER TABLE tenants_tenant DROP COLUMN revision")

    said = migrate(plan=True, shared=True)

    assert said.splitlines() == ["The shared tables are to be migrated, first.", dry_run.TOO_EARLY]


def test_the_plan_hides_no_trouble_with_tables_that_are_up_to_date(release, past, migrate):
    past.execute("ALTER TABLE tenants_tenant RENAME COLUMN revision TO another")

    with pytest.raises(ProgrammingError, match="revision"):
        migrate(plan=True)
