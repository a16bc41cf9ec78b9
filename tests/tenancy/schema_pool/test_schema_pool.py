"""Schemas that stand ready: taken once each, given back, replaced, and in nobody's way."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from operations.management.base import tenant_called
from tenancy import jobs, schema_pool, schemas
from tenancy.context import database_role, public_context, workspace_context
from tenancy.provisioning.snapshots import prepare
from tenancy.timeouts import DatabaseTimeouts
from tenants.models import Tenant
from tenants.roles import SIGNUP
from tenants.signup import services as signup
from tenants.signup.errors import NameTakenError
from tests.pool import open_one, ready
from tests.racing import at_once


def test_it_is_filled_to_the_target_and_no_further(db):
    assert schema_pool.fill() == 2
    assert schema_pool.fill() == 0

    assert len(ready()) == 2
    assert set(ready()) <= schemas.tenant_schemas()
    assert all(name.startswith(schemas.PREFIX) for name in ready())


def test_a_sign_up_takes_one_and_has_it_replaced(committed, made, two_wanted):
    schema_pool.fill()
    before = ready()

    tenant = open_one()

    assert tenant.schema_name in before
    assert tenant.schema_name not in ready()
    assert made == []
    assert two_wanted == [1]
    with workspace_context(tenant):
        assert list(User.objects.values_list("email", flat=True)) == ["peter@initech.test"]
    with workspace_context(tenant_called("acme")):
        assert not User.objects.exists()


def test_a_burst_asks_for_its_replacements_once(committed, two_wanted, monkeypatch):
    # However busy the machine is, all of this is one burst.
    monkeypatch.setattr(jobs, "REFILL_AFTER", 3600)
    schema_pool.fill()
    for number in range(2):
        open_one(f"initech-{number}")
    assert two_wanted == [1]

    schema_pool.fill()
    jobs._asked["until"] -= 3600
    open_one("globodyne")

    assert two_wanted == [1, 1]


def test_a_sign_up_with_a_schema_ready_sends_twelve_statements(committed):
    """Before its transaction and in it; what is more, every visitor waits for."""
    schema_pool.fill()
    prepare()

    with CaptureQueriesContext(connection) as queries:
        open_one()

    sent = [query["sql"] for query in queries if query["sql"] not in {"BEGIN", "COMMIT"}]
    # Before the transaction: the name's holder, its rest. In it: the time it may take, schema,
    # tenant, host, rest; person, directory, profile, address, message.
    assert len(sent) == 12, sent


def test_where_there_is_none_the_script_is_replayed(db, made, two_wanted):
    tenant = open_one()

    assert made == [tenant.schema_name]
    assert two_wanted == []


def test_a_taken_one_is_like_a_made_one(committed):
    from tenancy.provisioning.comparison import differences

    schema_pool.fill()
    taken, replayed = open_one(), open_one("globodyne", opened_from="")

    with database_role(SIGNUP), public_context():
        assert differences(taken.schema_name, replayed.schema_name, rows=False) == []


def test_a_sign_up_that_fails_gives_it_back(committed, monkeypatch):
    schema_pool.fill()
    before = ready()

    def break_down(*_, **__):
        raise RuntimeError("broken")

    monkeypatch.setattr(User.objects, "create_user", break_down)
    with pytest.raises(RuntimeError, match="broken"):
        open_one()

    assert ready() == before
    with public_context():
        assert not Tenant.objects.filter(slug="initech").exists()


def test_a_name_that_is_taken_costs_none(committed, monkeypatch):
    schema_pool.fill()
    before = ready()
    monkeypatch.setattr(signup, "refuse_taken", lambda *_: None)

    with pytest.raises(NameTakenError):
        open_one("acme")

    assert ready() == before


def test_two_at_once_take_two(committed, made):
    schema_pool.fill()
    before = ready()

    tenants = at_once(2, lambda number: open_one(f"initech-{number}").schema_name)

    assert sorted(tenants) == before
    assert ready() == []
    assert made == []


def test_more_than_there_are_wait_for_nobody(committed, made):
    schema_pool.fill()

    tenants = at_once(4, lambda number: open_one(f"initech-{number}").schema_name)

    assert len(set(tenants)) == 4
    assert len(made) == 2
    assert set(tenants) <= schemas.tenant_schemas()


@pytest.fixture
def held(monkeypatch):
    """A filler that stands still with all its locks, once it has been called; what came of it."""
    is_making, may_end, outcome = threading.Event(), threading.Event(), []
    real = schema_pool.replay

    def stand_still(schema_name, script):
        real(schema_name, script)
        is_making.set()
        may_end.wait(60)

    def start():
        monkeypatch.setattr(schema_pool, "replay", stand_still)
        thread.start()
        assert is_making.wait(60)
        monkeypatch.setattr(schema_pool, "replay", real)
        return outcome

    def end():
        may_end.set()
        thread.join(60)

    thread = threading.Thread(
        target=lambda: outcome.extend(at_once(1, lambda _: schema_pool.fill()))
    )
    start.end = end
    yield start
    end()


def test_who_takes_one_waits_for_no_filler(committed, held, settings):
    settings.SCHEMA_POOL_SIZE = 1
    schema_pool.fill()
    settings.SCHEMA_POOL_SIZE = 2
    # Of locks alone: a busy machine may take its time.
    settings.DDL_TIMEOUTS = replace(settings.DDL_TIMEOUTS, lock=1)
    (before,) = ready()
    outcome = held()

    assert open_one().schema_name == before
    assert schema_pool.fill() == 0
    assert outcome == []

    held.end()
    assert outcome == [2]
    assert len(ready()) == 2


def test_who_has_to_make_one_waits_for_no_filler(committed, held, settings):
    settings.DDL_TIMEOUTS = replace(settings.DDL_TIMEOUTS, lock=1)
    outcome = held()

    tenant = open_one()

    assert tenant.schema_name in schemas.tenant_schemas()
    assert outcome == []
    held.end()
    assert outcome == [2]


def test_a_filler_that_stands_still_keeps_nobody_from_filling(committed, held, monkeypatch):
    monkeypatch.setattr(schema_pool, "FILL_TIMEOUTS", DatabaseTimeouts(1, 1, 1))
    outcome = held()

    until = time.monotonic() + 60
    while not (made := schema_pool.fill()) and time.monotonic() < until:
        time.sleep(0.1)

    assert made == 2
    held.end()
    assert "terminating connection" in str(outcome) or "closed" in str(outcome)
    assert len(ready()) == 2


def test_many_who_fill_make_no_more_than_is_wanted(committed):
    made = at_once(4, lambda _: schema_pool.fill())

    assert sum(made) == len(ready()) <= 2
    schema_pool.fill()
    assert len(ready()) == 2


KILLED = """
import os, signal, django
django.setup()
from tenancy import schema_pool
from tenants.signup import services as signup
from tenancy.provisioning import building
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
{module}.{function} = die
{deed}
"""
FILL = "schema_pool.fill()"
SIGN_UP = (
    "signup.open_tenant(organization='I', subdomain='initech', opened_from='x', owner="
    "signup.Owner('P', 'p@i.test', 'correct horse battery staple'))"
)


@pytest.mark.long
@pytest.mark.parametrize(
    ("module", "function", "deed"),
    [
        # Killed before the schema, behind it, and with a spare one taken.
        ("schema_pool", "replay", FILL),
        ("building", "privileges.tenant_statements", FILL),
        ("signup", "User.objects.create_user", SIGN_UP),
    ],
)
def test_who_is_killed_leaves_the_pool_as_it_was(committed, module, function, deed):
    schema_pool.fill()
    before = (ready(), schemas.tenant_schemas())
    program = KILLED.format(module=module, function=function, deed=deed)
    target = "3" if deed == FILL else "2"
    url = settings.DATABASES["default"]

    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "DATABASE_URL": _url(url), "SCHEMA_POOL_SIZE": target,
             "RATE_LIMITS": "off",
             "DJANGO_SETTINGS_MODULE": "saas.settings", "SAAS_PROCESS": "command"},
        capture_output=True,
        check=False,
        timeout=120,
    )  # fmt: skip

    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert (ready(), schemas.tenant_schemas()) == before
    assert open_one("globodyne").schema_name in before[0]


def _url(database):
    there = f"{database['HOST']}:{database['PORT']}/{connection.settings_dict['NAME']}"
    return f"postgres://{database['USER']}:{database['PASSWORD']}@{there}"
