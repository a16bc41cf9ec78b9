"""Releases come and go, networks have a share, and nothing of the pool is debris."""

import uuid
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from operations import doctor
from operations.doctor import structure
from tasks.roles import RELAY
from tenancy import jobs, schema_pool, schemas
from tenancy.context import database_role, public_context
from tenancy.models import PooledSchema, SchemaSnapshot
from tenancy.provisioning import fingerprint
from tenancy.roles import MIGRATOR, TENANT, VISITOR
from tenancy.timeouts import DatabaseTimeouts
from tenants.lifecycle import unverified
from tenants.models import Tenant
from tenants.roles import OPERATOR, SIGNUP
from tenants.signup import services as signup
from tests.commands import run
from tests.pool import HERE, next_release, open_one, ready

# --- Releases ---


def test_another_releases_is_never_taken(db, made, monkeypatch):
    schema_pool.fill()
    next_release(monkeypatch)

    tenant = open_one()

    assert made == [tenant.schema_name]
    assert len(ready()) == 2


def test_those_of_a_release_gone_by_are_replaced(committed, monkeypatch):
    schema_pool.fill()
    old = ready()
    next_release(monkeypatch)

    assert jobs.fill_pool() == 2

    assert not set(ready()) & set(old)
    assert not set(old) & schemas.tenant_schemas()
    assert len(ready()) == 2


def test_an_old_one_that_a_backup_reads_holds_up_no_new_ones(aside, monkeypatch):
    monkeypatch.setattr(schemas, "DROP_TIMEOUTS", DatabaseTimeouts(lock=0.1))
    schema_pool.fill()
    old = ready()
    next_release(monkeypatch)
    aside.execute(f'SELECT * FROM "{old[0]}".accounts_user')

    assert jobs.fill_pool() == 2

    assert old[0] in ready()
    aside.rollback()
    jobs.fill_pool()
    assert not set(old) & set(ready())


def test_a_release_on_its_way_out_makes_none_and_drops_none(committed, monkeypatch):
    with monkeypatch.context() as later:
        next_release(later)
        schema_pool.fill()
    theirs = ready()

    assert jobs.fill_pool() == 0
    assert ready() == theirs

    with public_context(MIGRATOR):
        # Rolled back: the deploy's last step says which release is to stay.
        ours = SchemaSnapshot.objects.filter(digest=fingerprint.release_digest())
        assert ours.update(deployed_at=timezone.now()) == 1
    assert jobs.fill_pool() == 2
    assert not set(ready()) & set(theirs)


def test_what_is_beyond_a_lower_target_goes(committed, settings):
    schema_pool.fill()
    settings.SCHEMA_POOL_SIZE = 1

    assert schema_pool.drop_old() == 1

    assert len(ready()) == 1
    settings.SCHEMA_POOL_SIZE = 0
    assert jobs.fill_pool() == 0
    assert ready() == []


def test_without_a_script_none_is_made(db):
    with public_context(MIGRATOR):
        SchemaSnapshot.objects.all().delete()

    assert schema_pool.fill() == 0


# --- Who may take them ---


def test_one_network_takes_half_of_the_pool_at_most(db, made, settings):
    settings.RATE_LIMITS = True
    settings.SCHEMA_POOL_SIZE = 4
    schema_pool.fill()

    for number in range(3):
        open_one(f"initech-{number}")
    elsewhere = open_one("globodyne", opened_from="198.51.100.1")

    assert len(made) == 1
    assert elsewhere.schema_name not in made
    assert len(ready()) == 1


def test_a_network_has_its_share_again_after_an_hour(db, settings):
    settings.RATE_LIMITS = True
    open_one()
    origin = unverified.origin_hash(HERE)
    with public_context(OPERATOR):
        assert not signup.has_share(origin=origin)
        hour_ago = timezone.now() - signup.SHARE_OF - timedelta(seconds=1)
        Tenant.objects.filter(slug="initech").update(created_at=hour_ago)
        assert signup.has_share(origin=origin)


def test_our_own_command_line_leaves_them_to_visitors(db, made):
    schema_pool.fill()

    open_one(opened_from="")

    assert len(made) == 1
    assert len(ready()) == 2


@pytest.mark.parametrize("role", [TENANT, VISITOR, RELAY])
@pytest.mark.parametrize("table", ["tenancy_pooledschema", "tenancy_schemasnapshot"])
def test_nobody_else_may_look(db, role, table):
    refused = pytest.raises(ProgrammingError, match="permission denied")
    here = database_role(role, within=public_context())
    with here, connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute(f"SELECT * FROM {table}")


def test_who_takes_one_can_neither_rename_it_nor_give_it_to_another_release(db):
    schema_pool.fill()
    for change in ({"schema_name": "t_mine"}, {"digest": "mine"}):
        refused = pytest.raises(ProgrammingError, match="permission denied")
        signing_up = database_role(SIGNUP, within=public_context())
        with signing_up, refused, transaction.atomic():
            PooledSchema.objects.update(**change)


# --- Care ---


def findings():
    return [each.sentence for each in doctor.examine(lambda tenants, _: tenants)]


def test_the_doctor_finds_nothing_wrong_with_them(committed):
    schema_pool.fill()

    with public_context(OPERATOR):
        assert findings() == []


def test_the_doctor_finds_a_pooled_row_without_schema_and_a_schema_without_row(committed):
    schema_pool.fill()
    lost, stray = ready()
    schemas.drop_schema(schema_name=lost)
    schema_pool.forget(schema_name=stray)

    with public_context(OPERATOR):
        assert sorted(findings()) == sorted(
            [f"The schema {stray} belongs to no tenant.", f"The pooled schema {lost} is not there."]
        )
        for finding in [*structure.schemas_without_tenant(), *structure.pooled_without_schema()]:
            finding.fix()
        assert findings() == []
    assert ready() == []
    assert not {lost, stray} & schemas.tenant_schemas()


def test_a_claim_between_two_looks_is_no_finding(committed, monkeypatch):
    schema_pool.fill()
    real = schemas.tenant_schemas
    opened = []

    def look():
        if not opened:
            opened.append(open_one())
        return real()

    monkeypatch.setattr(schemas, "tenant_schemas", look)

    assert structure.schemas_without_tenant() == []
    assert structure.pooled_without_schema() == []


def test_the_command_shows_fills_and_drops(committed, monkeypatch):
    assert "0 of 2 ready, 0 of other releases." in run("schema_pool")
    assert "2 of 2 ready" in run("schema_pool", "--fill")
    assert ready()[0] in run("schema_pool", "--names")
    next_release(monkeypatch)
    assert "0 of 2 ready, 2 of other releases." in run("schema_pool")
    assert "0 of 2 ready, 0 of other releases." in run("schema_pool", "--drop-old")


def test_operators_see_how_the_pool_stands(operator_client, settings):
    settings.SCHEMA_POOL_SIZE = 3
    page = operator_client.get("/operator/").content.decode()
    assert "None has been made for this release yet." in page

    schema_pool.fill()
    page = " ".join(operator_client.get("/operator/").content.decode().split())

    assert "The last one was made" in page
    assert "Schemas ready for sign-ups" in page
    pool = page.partition("Schemas ready for sign-ups")[2].partition("</ul>")[0]
    assert pool.count(">3</span>") == 2


def test_a_queue_that_is_away_breaks_no_sign_up(committed, monkeypatch, settings):
    from tenancy import broker

    monkeypatch.undo()
    settings.SCHEMA_POOL_SIZE = 2
    schema_pool.fill()

    def away():
        raise OSError

    monkeypatch.setattr(broker, "producer", away)
    slug = f"initech-{uuid.uuid4().hex[:6]}"

    assert open_one(slug).slug == slug
