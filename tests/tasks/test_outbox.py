"""The outbox: written with what it tells of, bound to the schema of the moment."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.onboarding.emails import send_welcome
from accounts.sign_in.emails import send_code
from tasks import outbox, relay
from tasks.errors import PayloadGoneError
from tasks.models import Message
from tasks.payloads import decrypt
from tenancy.context import workspace_context
from tenancy.errors import TenantMissingError
from tests.brokers import broker_at
from tests.contexts import public_context


def messages():
    with public_context():
        return list(Message.objects.order_by("created_at"))


@pytest.fixture
def notifications(monkeypatch):
    """What would be sent to the broker: tests in a rolled-back transaction commit nothing."""
    sent = []
    monkeypatch.setattr(outbox, "notify", lambda *arguments: sent.append(arguments))
    return sent


def test_a_new_person_is_welcomed_in_their_own_schema(acme, globex, make_user):
    ada, gus = make_user(acme, "ada@acme.test"), make_user(globex, "gus@globex.test")

    assert [(m.schema_name, m.user_id, m.kind) for m in messages()] == [
        (acme.schema_name, ada.pk, "welcome"),
        (globex.schema_name, gus.pk, "welcome"),
    ]


def test_an_operator_is_not_welcomed(db, make_operator):
    make_operator()

    assert messages() == []


def test_a_person_who_is_rolled_back_gets_no_mail(acme, make_user):
    class Abandoned(Exception):  # noqa: N818  # It is thrown on purpose.
        pass

    def abandon():
        with transaction.atomic():
            make_user(acme)
            raise Abandoned

    with pytest.raises(Abandoned):
        abandon()

    assert messages() == []


def test_the_schema_is_the_one_of_the_call_not_of_the_commit(
    acme, globex, make_user, notifications, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True) as callbacks, workspace_context(globex):
        make_user(acme)

    assert len(callbacks) == 1
    assert [schema for _task, schema, _pk in notifications] == [acme.schema_name]


def test_a_failed_notification_does_not_break_the_caller(
    acme, make_user, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(*_):
        raise ConnectionError("the broker is away")

    monkeypatch.setattr(outbox, "notify", refuse)

    with django_capture_on_commit_callbacks(execute=True):
        user = make_user(acme)

    with workspace_context(acme):
        assert User.objects.get() == user


def test_with_the_broker_away_the_person_stays_and_the_message_waits_for_the_sweep(
    acme, make_user, django_capture_on_commit_callbacks
):
    with broker_at("redis://127.0.0.1:1/0"):
        assert outbox.current_app.conf.broker_transport_options["max_retries"] == 0
        with django_capture_on_commit_callbacks(execute=True):
            user = make_user(acme)

    with workspace_context(acme):
        assert User.objects.get() == user
    assert [message.state for message in messages()] == ["pending"]


def test_a_key_is_enqueued_once(acme, globex, notifications, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for tenant in (acme, acme, globex):
            with workspace_context(tenant):
                outbox.enqueue(send_welcome, key="the-same")

    assert [m.schema_name for m in messages()] == [acme.schema_name, globex.schema_name]
    assert len(notifications) == 2


def test_nothing_is_enqueued_without_a_tenant(db):
    with pytest.raises(TenantMissingError):
        outbox.enqueue(send_welcome)


def test_a_payload_is_unreadable_at_rest(acme):
    with workspace_context(acme):
        message = outbox.enqueue(
            send_code, kind="code", payload={"code": "ABC-123"}, expires_in=timedelta(hours=1)
        )

    assert b"ABC-123" not in bytes(message.payload)
    assert decrypt(message) == {"code": "ABC-123"}


def test_expired_payloads_are_erased_and_their_messages_given_up(acme):
    with workspace_context(acme):
        for hours in (-1, 1):
            outbox.enqueue(
                send_code, kind="code", payload={"n": hours}, expires_in=timedelta(hours=hours)
            )

    with public_context():
        assert relay.erase_expired() == 1

    expired, valid = messages()
    assert (expired.state, expired.payload) == ("dead", None)
    assert (valid.state, decrypt(valid)) == ("pending", {"n": 1})


def test_an_erased_secret_cannot_be_sent_again(acme):
    with workspace_context(acme):
        message = outbox.enqueue(send_code, kind="code", payload={}, expires_in=timedelta(hours=-1))
    with public_context():
        relay.erase_expired()
        message.refresh_from_db()

        with pytest.raises(PayloadGoneError):
            outbox.resend(message=message)


def test_due_messages_are_leased_once_and_again_after_the_lease(acme, globex, make_user):
    make_user(acme)
    (message,) = messages()
    (read_before,) = messages()
    with public_context():
        with workspace_context(globex):
            assert not relay.claim(message), "it is another schema's"
        with workspace_context(acme):
            assert relay.claim(message)
            assert not relay.claim(message), "it is claimed already"
            assert not relay.claim(read_before)
        assert relay.lease_batch() == [], "its worker may be alive"
        Message.objects.update(due_at=timezone.now() - timedelta(seconds=1))

        assert relay.lease_batch() == [message]
        assert relay.lease_batch() == [], "it has just been handed out"
        with workspace_context(acme):
            assert not relay.claim(read_before), "somebody has tried it since"
            assert relay.claim(message)
    assert [each.attempts for each in messages()] == [2]


def test_a_message_that_is_being_sent_is_not_sent_again(acme, make_user):
    make_user(acme)
    (stale,) = messages()
    with workspace_context(acme):
        relay.claim(stale)

    with public_context(), pytest.raises(PayloadGoneError):
        outbox.resend(message=stale)

    assert [message.state for message in messages()] == ["sending"]


def test_a_message_for_later_waits_for_its_moment(acme, globex):
    later = timezone.now() + timedelta(days=2)
    with workspace_context(acme):
        message = outbox.enqueue(send_code, payload={}, not_before=later)
    with workspace_context(globex):
        at_once = outbox.enqueue(send_code, payload={})

    assert message.due_at == later
    assert message.expires_at - later == at_once.expires_at - at_once.due_at
    with public_context():
        assert [found.pk for found in Message.objects.due(timezone.now())] == [at_once.pk]
        assert message in Message.objects.due(later)


def test_a_message_for_later_queues_no_task(acme, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks, workspace_context(acme):
        outbox.enqueue(send_welcome, not_before=timezone.now() + timedelta(days=2))

    assert callbacks == []
