"""A round that ends in the middle: what is sent is noted, and at most one letter comes twice."""

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
STANDING = "SELECT 1 FROM pg_locks WHERE NOT granted"
HANG_UP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


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
def test_a_worker_that_is_killed_costs_one_letter_a_repetition(
    committed, server, waiting, after, twice
):
    ended = subprocess.run(
        [sys.executable, "-c", KILLED.format(after=after)],
        env=environment(server),
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert states() == ["pending", "pending", "sending", "sent", "sent"]
    assert go() == 0, "whoever has them may be alive"
    with operators_context():
        Message.objects.exclude(state="sent").update(due_at=timezone.now())
    until = time.monotonic() + 60
    while not (tried := go()) and time.monotonic() < until:
        # The place of whoever died is free in a second.
        time.sleep(0.1)
    assert tried == 3
    assert states() == ["sent"] * 5
    assert len(set(server.message_ids)) == 5
    assert len(server.message_ids) == 5 + twice


def test_what_is_sent_is_noted_though_the_database_was_away(
    committed, administrator, server, waiting, monkeypatch
):
    send = mail.send

    def and_hang_up(*args):
        send(*args)
        if len(server.accepted) == 2:
            name = connection.settings_dict["NAME"]
            with psycopg.connect(administrator, autocommit=True) as theirs:
                theirs.execute(HANG_UP, [name])

    monkeypatch.setattr(mail, "send", and_hang_up)

    with pytest.raises(OperationalError):
        go()

    assert states() == ["pending", "pending", "pending", "sent", "sent"]
    with operators_context():
        Message.objects.exclude(state="sent").update(due_at=timezone.now())
    go()
    assert states() == ["sent"] * 5
    assert len(set(server.message_ids)) == len(server.message_ids) == 5


def test_a_tenant_that_ends_in_the_middle_ends_no_round(
    committed, acme, server, waiting, monkeypatch
):
    claim = relay.claim

    def and_end(message, **sent):
        claimed = claim(message, **sent)
        if claimed and message.schema_name == acme.schema_name:
            delete_tenant(tenant=acme)
        return claimed

    monkeypatch.setattr(relay, "claim", and_end)

    assert go() == 5

    assert states() == ["sent"] * 2, "its own are gone"
    assert len(server.accepted) == 2


def test_whoever_changes_all_letters_is_not_waited_for_crosswise(aside, server, waiting):
    """As a tenant's end does, which takes them in an order of its own."""
    with operators_context():
        first, second = Message.objects.order_by("due_at")[:2]
        assert relay.claim(first)
    aside.execute("UPDATE tasks_message SET kind = 'changed' WHERE id = %s", [second.pk])

    with operators_context():
        assert not relay.claim(second, sent=first), "somebody is about to change it"
    aside.execute("UPDATE tasks_message SET kind = 'changed'")
    aside.commit()

    with operators_context():
        assert Message.objects.get(pk=first.pk).state == "sent"
        assert relay.claim(second)


def test_whoever_waits_to_note_a_letter_holds_no_other(aside, place, server, waiting):
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
        wait_until(lambda: third.execute(STANDING).fetchone(), "the claim at our lock")
        aside.execute("SELECT 1 FROM tasks_message WHERE id = %s FOR UPDATE NOWAIT", [second.pk])
        aside.commit()
        assert claims.result()


@pytest.mark.parametrize(("places", "theirs"), [(1, 0), (2, 3)])
def test_no_more_go_round_than_there_are_places(
    server, waiting, settings, monkeypatch, places, theirs
):
    settings.OUTBOX_PROCESSES = places
    monkeypatch.setattr(worker_loop, "SLOT_EXPIRES", 600)
    # The first handful is full, and another one is called.
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


def test_whoever_is_called_to_go_on_finds_the_place_free(server, waiting, settings, monkeypatch):
    settings.OUTBOX_PROCESSES = 1
    monkeypatch.setattr(relay, "RUN_SECONDS", 0)
    tried = []

    def go_on():
        monkeypatch.setattr(relay, "RUN_SECONDS", 600)
        tried.append(go())

    with public_context(RELAY):
        assert worker_loop.drain(call=go_on) == 0

    assert tried == [5]


def test_whoever_ends_late_gives_back_no_place_but_their_own(
    server, waiting, settings, monkeypatch
):
    settings.OUTBOX_PROCESSES = 1
    monkeypatch.setattr(worker_loop, "SLOT_EXPIRES", 1)
    # The first handful is full, and another one is called.
    monkeypatch.setattr(relay, "BATCH_SIZE", 2)

    with public_context(RELAY), ExitStack() as theirs:

        def take_a_place():
            monkeypatch.setattr(worker_loop, "SLOT_EXPIRES", 600)
            wait_until(lambda: theirs.enter_context(worker_loop._slot()), "the end of ours")

        assert worker_loop.drain(call=take_a_place) == 5
        with worker_loop._slot() as is_free:
            assert not is_free

    with public_context(RELAY), worker_loop._slot() as is_free:
        assert is_free


def test_a_place_lasts_longer_than_the_turn_and_its_last_letter():
    assert relay.RUN_SECONDS + 2 * timeouts.SMTP < worker_loop.SLOT_EXPIRES


def test_a_letter_costs_three_statements(server, acme, globex, waiting, make_user):
    """Itself and the note of the one before in one, its reader, and their addresses."""
    with CaptureQueriesContext(connection) as five:
        assert go() == 5
    for tenant in (acme, globex):
        make_user(tenant, "another@reader.test")

    with CaptureQueriesContext(connection) as two:
        assert go() == 2

    assert len(five) - len(two) == 3 * 3
