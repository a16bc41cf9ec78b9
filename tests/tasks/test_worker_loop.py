"""Runs of the worker loop that end early: sent messages are recorded, one repeats at most."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks import mail, relay, worker_loop
from tasks.models import Message
from tasks.roles import RELAY
from tenancy import timeouts
from tenancy.context import public_context
from tenants.lifecycle.deletion import delete_tenant
from tests.contexts import public_context as operators_context
from tests.stacks import wait_until

KILLED = """
import os, signal, django
django.setup()
from tasks import mail, worker_loop
from tasks.roles import RELAY
from tenancy.context import public_context
sent, send = [], mail.send
def die_at_the_third(*args):
    if len(sent) < 2 or {after}:
        send(*args)
    sent.append(args)
    if len(sent) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
mail.send = die_at_the_third
worker_loop.SLOT_EXPIRES = 1
with public_context(RELAY):
    worker_loop.drain(call=lambda: None)
"""
WAITING_LOCKS = "SELECT 1 FROM pg_locks WHERE NOT granted"
END_CONNECTIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


@pytest.fixture
def waiting(acme, globex, make_user):
    for tenant, count in ((acme, 3), (globex, 2)):
        for number in range(count):
            make_user(tenant, f"{tenant.slug}{number}@reader.test")


def go():
    with public_context(RELAY):
        return worker_loop.drain(call=lambda: None)


def states():
    with operators_context():
        return sorted(Message.objects.values_list("state", flat=True))


def environment(server):
    there = settings.DATABASES["default"]
    place = f"{there['HOST']}:{there['PORT']}/{connection.settings_dict['NAME']}"
    url = f"postgres://{there['USER']}:{there['PASSWORD']}@{place}"
    own = {"DATABASE_URL": url, "EMAIL_URL": server.url, "SAAS_PROCESS": "worker"}
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "saas.settings", **own}


@pytest.mark.parametrize(("after", "twice"), [(False, 0), (True, 1)])
def test_a_killed_worker_repeats_one_message_at_most(committed, server, waiting, after, twice):
    ended = subprocess.run(
        [sys.executable, "-c", KILLED.format(after=after)],
        env=environment(server),
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert states() == ["pending", "pending", "sending", "sent", "sent"]
    assert go() == 0, "the process that leased them may be alive"
    with operators_context():
        Message.objects.exclude(state="sent").update(due_at=timezone.now())
    until = time.monotonic() + 60
    while not (tried := go()) and time.monotonic() < until:
        # The dead process's slot expires in a second.
        time.sleep(0.1)
    assert tried == 3
    assert states() == ["sent"] * 5
    assert len(set(server.message_ids)) == 5
    assert len(server.message_ids) == 5 + twice


def test_a_success_is_recorded_after_the_database_is_back(
    committed, administrator, server, waiting, monkeypatch
):
    send = mail.send

    def and_end_connections(*args):
        send(*args)
        if len(server.accepted) == 2:
            name = connection.settings_dict["NAME"]
            with psycopg.connect(administrator, autocommit=True) as theirs:
                theirs.execute(END_CONNECTIONS, [name])

    monkeypatch.setattr(mail, "send", and_end_connections)

    with pytest.raises(OperationalError):
        go()

    assert states() == ["pending", "pending", "pending", "sent", "sent"]
    with operators_context():
        Message.objects.exclude(state="sent").update(due_at=timezone.now())
    go()
    assert states() == ["sent"] * 5
    assert len(set(server.message_ids)) == len(server.message_ids) == 5


def test_a_tenant_deleted_during_a_run_does_not_end_it(
    committed, acme, server, waiting, monkeypatch
):
    claim = relay.claim

    def and_delete(message, **sent):
        claimed = claim(message, **sent)
        if claimed and message.schema_name == acme.schema_name:
            delete_tenant(tenant=acme)
        return claimed

    monkeypatch.setattr(relay, "claim", and_delete)

    assert go() == 5

    assert states() == ["sent"] * 2, "its own are gone"
    assert len(server.accepted) == 2


def test_a_transaction_that_locks_all_messages_causes_no_deadlock(aside, server, waiting):
    """As the deletion of a tenant does, which locks them in another order."""
    with operators_context():
        first, second = Message.objects.order_by("due_at")[:2]
        assert relay.claim(first)
    aside.execute("UPDATE tasks_message SET kind = 'changed' WHERE id = %s", [second.pk])

    with operators_context():
        assert not relay.claim(second, sent=first), "another transaction has locked it"
    aside.execute("UPDATE tasks_message SET kind = 'changed'")
    aside.commit()

    with operators_context():
        assert Message.objects.get(pk=first.pk).state == "sent"
        assert relay.claim(second)


def test_a_claim_that_waits_to_record_a_success_holds_no_other_lock(aside, place, server, waiting):
    with operators_context():
        first, second = Message.objects.order_by("due_at")[:2]
        assert relay.claim(first)
    aside.execute("UPDATE tasks_message SET kind = 'changed' WHERE id = %s", [first.pk])

    def claim():
        try:
            with operators_context():
                return relay.claim(second, sent=first)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, psycopg.connect(place, autocommit=True) as third:
        claims = pool.submit(claim)
        wait_until(
            lambda: third.execute(WAITING_LOCKS).fetchone(), "the claim to wait for our lock"
        )
        aside.execute("SELECT 1 FROM tasks_message WHERE id = %s FOR UPDATE NOWAIT", [second.pk])
        aside.commit()
        assert claims.result()


@pytest.mark.parametrize(("slots", "theirs"), [(1, 0), (2, 3)])
def test_no_more_runs_at_once_than_slots(server, waiting, settings, monkeypatch, slots, theirs):
    settings.OUTBOX_PROCESSES = slots
    monkeypatch.setattr(worker_loop, "SLOT_EXPIRES", 600)
    # The first batch is full, so another worker is called.
    monkeypatch.setattr(relay, "BATCH_SIZE", 2)
    helped = []

    def help_once():
        if not helped:
            helped.append(0)
            helped.append(go())

    with public_context(RELAY):
        own = worker_loop.drain(call=help_once)

    assert (own, helped[1:]) == (5 - theirs, [theirs])
    assert states() == ["sent"] * 5


def test_the_worker_that_is_called_to_continue_finds_the_slot_free(
    server, waiting, settings, monkeypatch
):
    settings.OUTBOX_PROCESSES = 1
    monkeypatch.setattr(relay, "RUN_SECONDS", 0)
    tried = []

    def go_on():
        monkeypatch.setattr(relay, "RUN_SECONDS", 600)
        tried.append(go())

    with public_context(RELAY):
        assert worker_loop.drain(call=go_on) == 0

    assert tried == [5]


def test_a_late_run_releases_only_its_own_slot(server, waiting, settings, monkeypatch):
    settings.OUTBOX_PROCESSES = 1
    monkeypatch.setattr(worker_loop, "SLOT_EXPIRES", 1)
    # The first batch is full, so another worker is called.
    monkeypatch.setattr(relay, "BATCH_SIZE", 2)

    with public_context(RELAY), ExitStack() as theirs:

        def take_the_slot():
            monkeypatch.setattr(worker_loop, "SLOT_EXPIRES", 600)
            wait_until(
                lambda: theirs.enter_context(worker_loop._slot()), "the first slot to expire"
            )

        assert worker_loop.drain(call=take_the_slot) == 5
        with worker_loop._slot() as is_free:
            assert not is_free

    with public_context(RELAY), worker_loop._slot() as is_free:
        assert is_free


def test_a_slot_outlasts_the_run_and_its_last_send():
    assert relay.RUN_SECONDS + 2 * timeouts.SMTP < worker_loop.SLOT_EXPIRES


def test_a_message_costs_three_statements(server, acme, globex, waiting, make_user):
    """The claim, which records the one before; its user; and the user's addresses."""
    with CaptureQueriesContext(connection) as five:
        assert go() == 5
    for tenant in (acme, globex):
        make_user(tenant, "another@reader.test")

    with CaptureQueriesContext(connection) as two:
        assert go() == 2

    assert len(five) - len(two) == 3 * 3
