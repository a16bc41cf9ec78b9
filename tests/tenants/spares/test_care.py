"""Releases come and go, networks have a share, and nothing of the pool is debris."""

import uuid
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from tasks.roles import DatabaseRole
from tasks.workspace import acting_as, public_context
from tenants import doctor, jobs, schemas, spares, unverified
from tenants.doctor import structure
from tenants.models import SchemaScript, SpareSchema, Tenant
from tenants.provisioning import digest
from tests.commands import run
from tests.pool import HERE, next_release, open_one, ready

# --- Releases ---


def test_another_releases_is_never_taken(db, made, monkeypatch):
    spares.fill()
    next_release(monkeypatch)

    tenant = open_one()

    assert made == [tenant.schema_name]
    assert len(ready()) == 2


def test_those_of_a_release_gone_by_are_replaced(committed, monkeypatch):
    spares.fill()
    old = ready()
    next_release(monkeypatch)

    assert jobs.fill_spares() == 2

    assert not set(ready()) & set(old)
    assert not set(old) & schemas.tenant_schemas()
    assert len(ready()) == 2


def test_an_old_one_that_a_backup_reads_holds_up_no_new_ones(aside, monkeypatch):
    monkeypatch.setattr(schemas, "PATIENCE", "100ms")
    spares.fill()
    old = ready()
    next_release(monkeypatch)
    aside.execute(f'SELECT * FROM "{old[0]}".accounts_user')

    assert jobs.fill_spares() == 2

    assert old[0] in ready()
    aside.rollback()
    jobs.fill_spares()
    assert not set(old) & set(ready())


def test_a_release_on_its_way_out_makes_none_and_drops_none(committed, monkeypatch):
    with monkeypatch.context() as later:
        next_release(later)
        spares.fill()
    theirs = ready()

    assert jobs.fill_spares() == 0
    assert ready() == theirs

    with public_context(DatabaseRole.MIGRATOR):
        # Rolled back: the deploy's last step says which release is to stay.
        ours = SchemaScript.objects.filter(digest=digest.release_digest())
        assert ours.update(deployed_at=timezone.now()) == 1
    assert jobs.fill_spares() == 2
    assert not set(ready()) & set(theirs)


def test_what_is_beyond_a_lower_target_goes(committed, settings):
    spares.fill()
    settings.SPARE_SCHEMAS = 1

    assert spares.drop_old() == 1

    assert len(ready()) == 1
    settings.SPARE_SCHEMAS = 0
    assert jobs.fill_spares() == 0
    assert ready() == []


def test_without_a_script_none_is_made(db):
    with public_context(DatabaseRole.MIGRATOR):
        SchemaScript.objects.all().delete()

    assert spares.fill() == 0


# --- Who may take them ---


def test_one_network_takes_half_of_the_pool_at_most(db, made, settings):
    settings.RATE_LIMITS = True
    settings.SPARE_SCHEMAS = 4
    spares.fill()

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
    with public_context(DatabaseRole.OPERATOR):
        assert not spares.has_share(origin=origin)
        hour_ago = timezone.now() - spares.SHARE_OF - timedelta(seconds=1)
        Tenant.objects.filter(slug="initech").update(created_at=hour_ago)
        assert spares.has_share(origin=origin)


def test_our_own_command_line_leaves_them_to_visitors(db, made):
    spares.fill()

    open_one(opened_from="")

    assert len(made) == 1
    assert len(ready()) == 2


@pytest.mark.parametrize("role", [DatabaseRole.TENANT, DatabaseRole.VISITOR, DatabaseRole.RELAY])
@pytest.mark.parametrize("table", ["tenants_spareschema", "tenants_schemascript"])
def test_nobody_else_may_look(db, role, table):
    refused = pytest.raises(ProgrammingError, match="permission denied")
    here = acting_as(role, within=public_context())
    with here, connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute(f"SELECT * FROM {table}")


def test_who_takes_one_can_neither_rename_it_nor_give_it_to_another_release(db):
    spares.fill()
    for change in ({"schema_name": "t_mine"}, {"digest": "mine"}):
        refused = pytest.raises(ProgrammingError, match="permission denied")
        signing_up = acting_as(DatabaseRole.SIGNUP, within=public_context())
        with signing_up, refused, transaction.atomic():
            SpareSchema.objects.update(**change)


# --- Care ---


def findings():
    return [each.sentence for each in doctor.examine(lambda tenants, _: tenants)]


def test_the_doctor_finds_nothing_wrong_with_them(committed):
    spares.fill()

    with public_context(DatabaseRole.OPERATOR):
        assert findings() == []


def test_the_doctor_finds_a_spare_without_schema_and_a_schema_without_row(committed):
    spares.fill()
    lost, stray = ready()
    schemas.drop_schema(schema_name=lost)
    spares.forget(schema_name=stray)

    with public_context(DatabaseRole.OPERATOR):
        assert sorted(findings()) == sorted(
            [f"The schema {stray} belongs to no tenant.", f"The spare schema {lost} is not there."]
        )
        for finding in [*structure.schemas_without_tenant(), *structure.spares_without_schema()]:
            finding.mend()
        assert findings() == []
    assert ready() == []
    assert not {lost, stray} & schemas.tenant_schemas()


def test_a_claim_between_two_looks_is_no_finding(committed, monkeypatch):
    spares.fill()
    real = schemas.tenant_schemas
    opened = []

    def look():
        if not opened:
            opened.append(open_one())
        return real()

    monkeypatch.setattr(schemas, "tenant_schemas", look)

    assert structure.schemas_without_tenant() == []
    assert structure.spares_without_schema() == []


def test_the_command_shows_fills_and_drops(committed, monkeypatch):
    assert "0 of 2 ready, 0 of other releases." in run("spares")
    assert "2 of 2 ready" in run("spares", "--fill")
    assert ready()[0] in run("spares", "--names")
    next_release(monkeypatch)
    assert "0 of 2 ready, 2 of other releases." in run("spares")
    assert "0 of 2 ready, 0 of other releases." in run("spares", "--drop-old")


def test_operators_see_how_the_pool_stands(operator_client, settings):
    settings.SPARE_SCHEMAS = 3
    page = operator_client.get("/operator/").content.decode()
    assert "None has been made for this release yet." in page

    spares.fill()
    page = " ".join(operator_client.get("/operator/").content.decode().split())

    assert "The last one was made" in page
    assert "Schemas ready for sign-ups" in page
    pool = page.partition("Schemas ready for sign-ups")[2].partition("</ul>")[0]
    assert pool.count(">3</span>") == 2


def test_a_queue_that_is_away_breaks_no_sign_up(committed, monkeypatch, settings):
    from tasks import brokers

    monkeypatch.undo()
    settings.SPARE_SCHEMAS = 2
    spares.fill()

    def away():
        raise OSError

    monkeypatch.setattr(brokers, "producer", away)
    slug = f"initech-{uuid.uuid4().hex[:6]}"

    assert open_one(slug).slug == slug
