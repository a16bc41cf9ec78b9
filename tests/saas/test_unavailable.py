"""What the database can't do just now is a 503 with a time to come back, and no 500."""

import threading
import time
from dataclasses import replace

import psycopg
import pytest
from django.db import connection

from tenants.models import Domain
from tests.fixtures import PASSWORD
from tests.stacks import wait_until


@pytest.fixture
def hasty(committed):
    """Give the service's connections other limits than their own."""
    options = connection.settings_dict["OPTIONS"]
    before = options["options"]

    def make(**milliseconds):
        limits = " ".join(f"-c {name}={value}" for name, value in milliseconds.items())
        connection.close()
        options["options"] = f"{before} {limits}"

    yield make
    connection.close()
    options["options"] = before


@pytest.fixture
def ada(committed, acme, make_user, client_of):
    """Somebody who will sign in."""
    make_user(acme, "ada@acme.test")
    return client_of(acme, raise_request_exception=False)


def sign_in(client):
    return client.post("/accounts/login/", {"login": "ada@acme.test", "password": PASSWORD})


def assert_is_polite(answer, caplog, code):
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert answer["Cache-Control"] == "no-store"
    assert "Traceback" not in answer.content.decode()
    assert [code in record.getMessage() for record in caplog.records if "away" in record.msg] == [
        True
    ]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"lock_timeout": 200}, "LockNotAvailable 55P03"),
        ({"lock_timeout": 0, "statement_timeout": 200}, "QueryCanceled 57014"),
    ],
)
def test_who_waits_too_long_is_asked_to_come_back(hasty, aside, ada, acme, caplog, limits, code):
    hasty(**limits)
    aside.execute(f'LOCK TABLE "{acme.schema_name}".accounts_user IN ACCESS EXCLUSIVE MODE')

    refused = sign_in(ada)
    aside.rollback()

    assert_is_polite(refused, caplog, code)
    assert sign_in(ada).status_code == 302, "the same form again"


def test_a_transaction_that_idled_for_too_long_is_asked_for_again(
    committed, base_client, sign_up_data, settings, monkeypatch, caplog
):
    """As on a machine that is too busy to go on."""
    base_client.raise_request_exception = False
    own = settings.DDL_TIMEOUTS
    save = Domain.save_base

    def save_late(domain, **options):
        time.sleep(1)
        save(domain, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Domain, "save_base", save_late)
        settings.DDL_TIMEOUTS = replace(own, idle_in_transaction=0.5)
        refused = base_client.post("/signup/", sign_up_data())
    settings.DDL_TIMEOUTS = own

    assert_is_polite(refused, caplog, "IdleInTransactionSessionTimeout 25P03")
    assert base_client.post("/signup/", sign_up_data()).status_code == 303, "the same form again"


def test_no_connection_left_is_asked_for_again(committed, aside, client_of, acme, caplog):
    client = client_of(acme, raise_request_exception=False)
    connection.close()
    name = connection.settings_dict["NAME"]
    aside.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
    aside.commit()

    refused = client.get("/accounts/login/")
    aside.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
    aside.commit()

    assert_is_polite(refused, caplog, "OperationalError")
    assert client.get("/accounts/login/").status_code == 200


def test_who_loses_a_deadlock_is_asked_to_come_back(
    committed, aside, place, base_client, sign_up_data, monkeypatch, caplog
):
    """PostgreSQL ends whoever has waited for a second; the other one is told to wait for longer."""
    base_client.raise_request_exception = False
    aside.execute("SET deadlock_timeout = '1h'")
    aside.execute("LOCK TABLE tenants_domain IN SHARE MODE")
    other = threading.Thread(target=aside.execute, args=["LOCK TABLE tenants_tenant IN SHARE MODE"])
    save = Domain.save_base

    def save_once_the_other_waits(domain, **options):
        other.start()
        wait_until(lambda: is_waiting(place, aside), "the other one at our lock")
        save(domain, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Domain, "save_base", save_once_the_other_waits)
        refused = base_client.post("/signup/", sign_up_data())
    other.join()
    aside.rollback()

    assert_is_polite(refused, caplog, "DeadlockDetected 40P01")
    assert base_client.post("/signup/", sign_up_data()).status_code == 303, "the same form again"


def is_waiting(place, other):
    """Whether somebody stands at a lock that isn't theirs yet."""
    waiting = "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted"
    with psycopg.connect(place) as third:
        return third.execute(waiting, [other.info.backend_pid]).fetchone()
