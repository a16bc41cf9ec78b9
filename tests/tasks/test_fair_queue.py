"""Each tenant's messages get a share of a batch, however many another one has waiting."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_redis import get_redis_connection

from accounts.onboarding.emails import send_welcome
from accounts.sign_in.emails import send_code
from tasks import jobs, outbox, relay, worker_loop
from tasks.models import Message
from tasks.roles import RELAY
from tenancy.context import public_context, workspace_context
from tests.contexts import public_context as operators_context
from tests.racing import at_once


def waiting(schema_name, count, minutes=60, **fields):
    """Put messages in the outbox, due for so many minutes, a second apart."""
    since = timezone.now() - timedelta(minutes=minutes)
    with operators_context():
        return Message.objects.bulk_create(
            Message(
                schema_name=schema_name,
                kind="welcome",
                task=send_welcome.name,
                key=f"{schema_name}-{number}-{fields}",
                due_at=since + timedelta(seconds=number),
                **fields,
            )
            for number in range(count)
        )


def leased():
    with public_context(RELAY):
        return relay.lease_batch()


@pytest.fixture
def queued():
    """Which tasks wait in the queue; each test begins with an empty one."""
    return lambda: get_redis_connection().llen("celery")


def test_a_tenants_hundred_messages_do_not_delay_another_tenants_one(acme, globex):
    waiting(acme.schema_name, 100)
    waiting(globex.schema_name, 1, minutes=5)

    schemas = [message.schema_name for message in leased()]

    assert len(schemas) == relay.BATCH_SIZE
    assert globex.schema_name in schemas[:2]


@pytest.mark.parametrize("most", [1, 5])
def test_each_of_many_tenants_is_served_once_before_any_is_served_twice(db, settings, most):
    """However few messages the mail server takes, and however many others wait."""
    settings.OUTBOX_RATE = f"{most}/3 second"
    names = {f"t_{number:02}" for number in range(13)} | {"t_ffff", "public"}
    for name in names:
        waiting(name, 4)

    served = [message.schema_name for _ in range(15 // most) for message in leased()]

    assert sorted(served) == sorted(names)


def test_each_batch_starts_after_the_schema_that_was_served_last(db, monkeypatch):
    """Where a batch doesn't divide evenly, it isn't always the same tenants that get more."""
    monkeypatch.setattr(relay, "BATCH_SIZE", 4)
    for name in ("t_a", "t_b", "t_c"):
        waiting(name, 10)

    served = [message.schema_name for _ in range(3) for message in leased()]

    assert sorted(served) == ["t_a"] * 4 + ["t_b"] * 4 + ["t_c"] * 4


@pytest.mark.parametrize("tenants", [1, 3, 7, 11, 15, 19, 20, 25])
@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_a_batch_is_full_where_enough_is_due(db, tenants, count):
    """However many each has: some tenants fewer than their share, others more."""
    for number in range(tenants):
        waiting(f"t_{number:02}", count if number % 3 else 2 * count)

    taken = leased()

    with operators_context():
        there = Message.objects.count()
    assert len({message.pk for message in taken}) == len(taken) == min(relay.BATCH_SIZE, there)
    assert len({message.schema_name for message in taken}) == min(tenants, relay.BATCH_SIZE)


def test_what_expires_comes_first_among_a_tenants_own(acme):
    waiting(acme.schema_name, 30)
    (code,) = waiting(acme.schema_name, 1, 5, expires_at=timezone.now() + timedelta(minutes=9))

    assert leased()[0] == code


def test_a_message_that_is_not_due_is_not_leased(acme, globex):
    later = timezone.now() + timedelta(hours=1)
    for message in waiting(acme.schema_name, 3):
        with operators_context():
            Message.objects.filter(pk=message.pk).update(due_at=later, state="failed")
    (due,) = waiting(globex.schema_name, 1)

    assert leased() == [due]
    assert leased() == []


@pytest.mark.usefixtures("committed")
def test_no_message_is_leased_twice():
    waiting("t_busy", 60)

    batches = at_once(4, lambda _number: [message.pk for message in leased()])

    pks = [pk for batch in batches for pk in batch]
    assert len(pks) == len(set(pks))
    # A worker that finds rows locked takes the next ones.
    assert len(pks) == 60


def test_a_run_out_of_time_leaves_the_others_to_the_called_worker(acme, monkeypatch):
    waiting(acme.schema_name, 30)
    monkeypatch.setattr(relay, "RUN_SECONDS", 0)
    calls = []

    with public_context(RELAY):
        assert worker_loop.drain(call=lambda: calls.append(1)) == 0

    assert calls
    with operators_context():
        assert Message.objects.due(timezone.now()).count() == 30


def test_a_failed_message_is_still_failed_when_its_lease_ends(acme):
    waiting(acme.schema_name, 1, state="failed", last_error="SMTPDataError 450")

    batch = leased()
    with public_context(RELAY):
        relay.release_batch(batch)

    with operators_context():
        assert Message.objects.get().state == "failed"


def test_a_message_of_an_unknown_task_delays_no_other(acme, make_user):
    make_user(acme)
    waiting(acme.schema_name, 1)
    with operators_context():
        Message.objects.filter(user_id=None).update(task="tasks.deliveries.of_the_next_release")

    with public_context(RELAY):
        worker_loop.drain(call=lambda: None)

    with operators_context():
        assert sorted(Message.objects.values_list("state", flat=True)) == ["pending", "sent"]


def test_calls_at_once_queue_one_run(db, queued):
    for _ in range(5):
        jobs.call_another()
    assert queued() == 1

    jobs.drain_outbox()
    jobs.call_another()

    assert queued() == 2, "a run that has started may call again"


def test_no_tenant_fills_the_queue(acme, globex, monkeypatch, queued):
    monkeypatch.setattr(outbox, "NOTIFICATION_RATE", "3/hour")
    for number in range(10):
        outbox.notify(send_welcome.name, acme.schema_name, f"{number}")
    assert queued() == 3

    outbox.notify(send_welcome.name, globex.schema_name, "11")

    assert queued() == 4


def test_a_message_without_a_notification_is_sent_by_the_sweep(acme, make_user, monkeypatch):
    monkeypatch.setattr(outbox, "notify", lambda *_: None)
    make_user(acme)

    assert jobs.sweep() == 1

    with operators_context():
        assert Message.objects.get().state == "sent"


def test_an_encrypted_message_is_decrypted_in_its_own_tenant_by_the_sweep(acme, globex, mailoutbox):
    from tasks.mail import EmailContent

    for tenant, code in ((acme, "ACME-1"), (globex, "GLOB-2")):
        to = f"{code.lower()}@x.test"
        content = EmailContent("email_confirmation_code", to, "en", {"code": code})
        with workspace_context(tenant):
            outbox.enqueue(send_code, payload=content.as_payload(), expires_in=timedelta(minutes=5))

    assert jobs.sweep() == 2

    said = {sent.to[0]: sent.body for sent in mailoutbox}
    assert set(said) == {"acme-1@x.test", "glob-2@x.test"}
    assert "GLOB-2" not in said["acme-1@x.test"]
    assert "Globex" not in said["acme-1@x.test"]
    assert "Acme" not in said["glob-2@x.test"]
