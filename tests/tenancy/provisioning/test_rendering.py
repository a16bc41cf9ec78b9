"""A schema is rendered whole, or refused."""

import pytest
from django.db import connection

from tenancy.context import database_role, public_context
from tenancy.models import new_schema_name
from tenancy.provisioning.building import replay
from tenancy.provisioning.catalogue import NotRenderableError
from tenancy.provisioning.comparison import differences
from tenancy.provisioning.rendering import render
from tenants.roles import SIGNUP

RICH = r'''
CREATE TABLE region (
    code text COLLATE "C" CONSTRAINT region_has_code NOT NULL,
    "say ""hi""" varchar(20) DEFAULT 'it''s \ so' NOT NULL,
    parent text CONSTRAINT region_parent_fk REFERENCES region (code) DEFERRABLE INITIALLY DEFERRED,
    size numeric(8, 2) DEFAULT 1.5,
    doubled numeric GENERATED ALWAYS AS (size * 2) STORED,
    kind varchar(10) CONSTRAINT region_kind_known CHECK (kind IN ('a', 'b', 'it''s')),
    tags text[] DEFAULT '{}', CONSTRAINT region_pk PRIMARY KEY (code));
CREATE TABLE city (
    id int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME city_numbers) PRIMARY KEY,
    region text REFERENCES region (code) ON DELETE CASCADE,
    about jsonb, seen timestamptz, raw bytea,
    CONSTRAINT city_once UNIQUE NULLS NOT DISTINCT (region, about) INCLUDE (id));
CREATE UNIQUE INDEX city_seen ON city USING btree (date_trunc('day', seen AT TIME ZONE 'UTC') DESC)
    INCLUDE (id) WHERE region IN ('x', 'y');
CREATE INDEX city_about ON city USING gin (about jsonb_path_ops) WITH (fastupdate = off);
COMMENT ON TABLE city IS 'where it''s \ at';
COMMENT ON COLUMN city.about IS '한국어 %s';
INSERT INTO region (code, "say ""hi""", tags) VALUES ('k', E'a\'b\\c\n%s', '{"a,b","c"}');
INSERT INTO region (code, parent, kind) VALUES ('l', 'k', 'b');
INSERT INTO city (region, about, seen, raw) VALUES ('k', '{"a": "\u00e9"}', '2026-01-01', '\x00ff');
INSERT INTO city (region) VALUES (NULL);
ALTER TABLE city ADD CONSTRAINT city_seen_at CHECK (seen IS NOT NULL) NOT VALID;
ALTER TABLE city ADD CONSTRAINT city_known CHECK (region IN ('k', 'l')) NOT VALID;
ALTER TABLE city ADD CONSTRAINT city_itself FOREIGN KEY (id) REFERENCES city (id) NOT VALID;
'''
FOREIGN = {
    "CREATE VIEW mine AS SELECT 1 AS one": "view mine",
    "CREATE MATERIALIZED VIEW mine AS SELECT 1 AS one": "materialized view mine",
    "CREATE TRIGGER mine BEFORE UPDATE ON auth_group FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()": "trigger mine",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'": "function mine()",
    "CREATE TABLE mine (id int) PARTITION BY RANGE (id)": "table mine",
    "CREATE TABLE mine () INHERITS (auth_group)": "table mine",
    "CREATE UNLOGGED TABLE mine (id int)": "table mine",
    "CREATE TYPE mine AS ENUM ('a')": "type mine",
    "CREATE SEQUENCE mine": "sequence mine",
    "CREATE TABLE mine (id serial)": "sequence mine_id_seq",
    "CREATE TABLE mine (id int, EXCLUDE USING btree (id WITH =))": "constraint mine_id_excl",
    "CREATE POLICY mine ON auth_group USING (true)": "policy mine",
    "ALTER TABLE auth_group ENABLE ROW LEVEL SECURITY": "table auth_group",
    "CREATE RULE mine AS ON DELETE TO auth_group DO INSTEAD NOTHING": "rule mine",
    "CREATE STATISTICS mine ON id, name FROM auth_group": "statistics object mine",
}


def test_what_a_script_makes_is_what_was_rendered(acme, run_in):
    # What no migration of today holds, and one of tomorrow may.
    run_in(acme.schema_name, RICH)

    with database_role(SIGNUP), public_context():
        copy = new_schema_name()
        replay(copy, _without_grants(acme.schema_name))
        assert differences(acme.schema_name, copy) == _grants_of_new_tables(acme.schema_name, copy)


def _without_grants(schema_name):
    script = render(schema_name)
    assert not any(schema_name in statement for statement in script)
    return script


def _grants_of_new_tables(left, right):
    """`replay` lets tenants use each table; the statements above grant nothing."""
    return [
        sentence
        for sentence in differences(left, right)
        if sentence.startswith(("The privileges city ", "The privileges region "))
    ]


def test_each_statement_stands_alone_and_names_no_schema_but_public(release_script):
    for statement in release_script:
        assert ";" not in statement.rstrip(";")
        assert ".t_" not in statement


def test_nothing_refers_to_a_shared_table(release_script):
    """A foreign key would lock it against everybody else's sign-up, until the commit."""
    assert not [each for each in release_script if "REFERENCES public." in each]


def test_a_table_stands_behind_those_it_refers_to(release_script):
    made = [each.split('"')[1] for each in release_script if each.startswith("CREATE TABLE")]

    assert made.index("accounts_user") < made.index("account_emailaddress")
    assert made.index("account_emailaddress") < made.index("account_emailconfirmation")


@pytest.mark.parametrize("statement", FOREIGN, ids=lambda each: each[:40])
def test_what_no_script_can_make_is_refused_by_name(acme, run_in, statement):
    run_in(acme.schema_name, statement)

    refused = pytest.raises(NotRenderableError, match=FOREIGN[statement].replace("()", ""))
    with database_role(SIGNUP), public_context(), refused:
        render(acme.schema_name)


def test_tables_that_refer_to_each_other_are_refused_by_name(acme, run_in):
    run_in(
        acme.schema_name,
        "CREATE TABLE one (id int PRIMARY KEY, two int)",
        "CREATE TABLE two (id int PRIMARY KEY, one int REFERENCES one)",
        "ALTER TABLE one ADD FOREIGN KEY (two) REFERENCES two",
    )

    refused = pytest.raises(NotRenderableError, match=r"one.*two")
    with database_role(SIGNUP), public_context(), refused:
        render(acme.schema_name)


def test_what_names_its_own_schema_is_refused(acme, run_in):
    name = acme.schema_name
    run_in(name, f"ALTER TABLE auth_group ALTER COLUMN name SET DEFAULT '{name}'")

    refused = pytest.raises(NotRenderableError, match="names the schema")
    with database_role(SIGNUP), public_context(), refused:
        render(name)


def test_nothing_is_left_of_the_context(acme):
    with database_role(SIGNUP), public_context():
        render(acme.schema_name)

    assert connection.schema_name is None
