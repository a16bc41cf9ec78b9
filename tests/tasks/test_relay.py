"""The relay against a real SMTP conversation: sent once, retried, given up, erased."""

import smtplib
import uuid
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.utils import timezone

from accounts.onboarding.emails import send_welcome
from accounts.sign_in.emails import send_code, send_unknown_account
from tasks import mail, outbox, relay
from tasks.mail import EmailContent
from tasks.models import Message
from tenancy.context import workspace_context
from tenancy.errors import TenantMissingError, TenantSuspendedError, TenantUnknownError
from tenants.lifecycle import services
from tests.contexts import public_context
from tests.inbox import emails_to


@pytest.fixture
def address():
    """An address of the test's own: the mail catcher is shared."""
    return f"{uuid.uuid4().hex[:10]}@reader.test"


@pytest.fixture(autouse=True)
def real_smtp(settings):
    """Undo what pytest-django does to mail: the conversation is a real one here."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


def the_message():
    with public_context():
        return Message.objects.get()


def run(task, message, schema_name=None):
    """Run a delivery as a worker does, with the headers that its message came with."""
    headers = {"schema_name": schema_name or message.schema_name}
    return task.apply(args=(str(message.pk),), headers=headers, throw=True)


def test_a_welcome_names_the_tenant_and_leads_to_its_host(acme, make_user, address):
    make_user(acme, address, full_name="Ada Lovelace")
    message = the_message()

    run(send_welcome, message)

    (email,) = emails_to(address)
    assert email["From"]["Name"] == "Acme"
    assert email["MessageID"] == message.message_id.strip("<>")
    assert "Ada" in email["Text"]
    assert acme.origin in email["Text"]
    assert acme.origin in email["HTML"]
    assert "Globex" not in email["Text"] + email["HTML"]
    sent = the_message()
    assert (sent.state, sent.attempts) == ("sent", 1)


def test_a_welcome_speaks_its_readers_language(acme, make_user, address):
    make_user(acme, address, full_name="김하나", language="ko")

    run(send_welcome, the_message())

    (email,) = emails_to(address)
    assert "환영" in email["Subject"] + email["Text"]


def test_a_message_is_sent_once_however_often_it_is_delivered(acme, make_user, address):
    make_user(acme, address)
    message = the_message()

    for _ in range(3):
        run(send_welcome, message)

    assert len(emails_to(address)) == 1


def test_a_payload_is_erased_once_it_is_sent(acme, address):
    content = EmailContent(
        "email_confirmation_code", to=address, language="en", context={"code": "XKCD-42"}
    )
    with workspace_context(acme):
        message = outbox.enqueue(
            send_code, payload=content.as_payload(), expires_in=timedelta(hours=1)
        )

    run(send_code, message)

    (found,) = emails_to(address)
    assert "XKCD-42" in found["Text"]
    assert the_message().payload is None


def test_the_messages_of_public_are_sent(acme, make_user, make_operator, base_client, address):
    """In the relay's role, which can't read users: a visitor's answer and an operator's reset."""
    ada = make_user(acme, address)
    operator = make_operator(f"{uuid.uuid4().hex[:10]}@operator.test")
    base_client.post("/find/", {"email": ada.email})
    base_client.post("/operator/accounts/password/reset/", {"email": operator.email})
    with public_context():
        found = Message.objects.of_schema("public")
        messages = {message.kind: str(message.pk) for message in found}

    for pk in messages.values():
        send_code.apply((pk,), headers={"schema_name": "public"}, throw=True)

    assert set(messages) == {"workspaces", "password_reset"}
    with public_context():
        assert set(found.all().values_list("state", "last_error")) == {("sent", "")}
    assert [len(emails_to(reader)) for reader in (address, operator.email)] == [1, 1]


def test_a_refusal_is_retried_later_and_given_up_after_the_last_attempt(
    acme, make_user, address, monkeypatch, settings
):
    settings.OUTBOX_MAX_ATTEMPTS = 2
    make_user(acme, address)
    message = the_message()

    def refuse(*_, **__):
        raise smtplib.SMTPRecipientsRefused({address: (450, f"no {address} now".encode())})

    monkeypatch.setattr(django_mail.EmailMessage, "send", refuse)
    run(send_welcome, message)

    failed = the_message()
    assert failed.state == "failed"
    assert failed.due_at > timezone.now() + timedelta(seconds=20)
    assert failed.last_error == "SMTPRecipientsRefused 450"
    run(send_welcome, message)
    assert the_message().attempts == 1, "it isn't due yet"
    with public_context():
        Message.objects.update(due_at=timezone.now())
    run(send_welcome, message)
    assert the_message().state == "dead"

    monkeypatch.undo()
    with public_context():
        outbox.resend(message=the_message())
    run(send_welcome, message)
    assert the_message().state == "sent"
    assert len(emails_to(address)) == 1


def test_a_message_that_kills_its_worker_is_given_up_after_its_attempts(
    acme, make_user, address, monkeypatch, settings
):
    settings.OUTBOX_MAX_ATTEMPTS = 2
    make_user(acme, address)
    message, tried = the_message(), []

    def die(*_):
        tried.append(0)
        raise SystemExit

    monkeypatch.setattr(mail, "send", die)
    for _ in range(2):
        with pytest.raises(SystemExit):
            run(send_welcome, message)
        assert the_message().state == "sending"
        with public_context():
            Message.objects.update(due_at=timezone.now())
    run(send_welcome, message)

    assert (the_message().state, the_message().last_error) == ("dead", "AttemptsUsedUpError")
    assert len(tried) == 2
    monkeypatch.undo()
    with public_context():
        outbox.resend(message=the_message())
    run(send_welcome, message)
    assert the_message().state == "sent"


def test_a_message_about_a_deleted_user_is_given_up(acme, make_user, address):
    user = make_user(acme, address)
    message = the_message()
    with workspace_context(acme):
        user.delete()

    run(send_welcome, message)

    assert the_message().state == "dead"
    assert emails_to(address) == []


def test_a_message_of_another_schema_is_not_sent(acme, globex, make_user, address):
    make_user(acme, address)

    run(send_welcome, the_message(), schema_name=globex.schema_name)
    assert (the_message().state, emails_to(address)) == ("pending", [])

    run(send_welcome, the_message())
    assert len(emails_to(address)) == 1


def test_a_suspended_tenants_mail_waits(acme, make_user, address):
    make_user(acme, address)
    services.suspend(tenant=acme)

    run(send_welcome, the_message())

    held = the_message()
    assert (held.state, held.attempts, emails_to(address)) == ("failed", 0, [])


def test_too_many_emails_to_one_reader_wait_across_tenants(
    acme, globex, make_user, address, settings
):
    settings.LIMITS = {**settings.LIMITS, "mail_newcomer_all": "1/hour"}
    make_user(acme, address, verified=False)
    make_user(globex, address, verified=False)
    with public_context():
        first, second = Message.objects.order_by("created_at")

    run(send_welcome, first)
    run(send_welcome, second)

    assert len(emails_to(address)) == 1
    with public_context():
        second.refresh_from_db()
    assert (second.state, second.attempts) == ("failed", 0), "waiting is no attempt"


def test_emails_that_strangers_request_do_not_use_up_a_readers_codes(
    acme, globex, address, settings
):
    settings.LIMITS = {
        **settings.LIMITS,
        "mail_stranger_all": "1/hour",
        "mail_newcomer_all": "1/hour",
    }
    sent = []
    for tenant, delivery in (
        (globex, send_unknown_account),
        (globex, send_unknown_account),
        (acme, send_code),
    ):
        content = EmailContent(delivery.kind, to=address, language="en", context={"code": "AB-12"})
        with workspace_context(tenant):
            payload = content.as_payload()
            expires_in = timedelta(minutes=15)
            message = outbox.enqueue(delivery, payload=payload, expires_in=expires_in)
        run(delivery, message)
        with public_context():
            message.refresh_from_db()
        sent.append((message.kind, message.state))

    assert sent == [
        ("unknown_account", "sent"),
        ("unknown_account", "dead"),  # It would expire before its reader may get it.
        ("email_confirmation_code", "sent"),
    ]


def test_a_code_that_has_expired_is_not_sent(acme, address):
    with workspace_context(acme):
        content = EmailContent("email_confirmation_code", to=address, language="en")
        message = outbox.enqueue(
            send_code, payload=content.as_payload(), expires_in=timedelta(seconds=-1)
        )

    run(send_code, message)

    gone = the_message()
    assert (gone.state, gone.payload, emails_to(address)) == ("dead", None, [])


def test_a_sent_message_stays_sent_whatever_comes_after(acme, make_user, address):
    make_user(acme, address)
    message = the_message()
    run(send_welcome, message)

    run(send_welcome, message, schema_name="t_nobody")
    with pytest.raises(TenantMissingError):
        send_welcome.apply(args=(str(message.pk),), headers={}, throw=True)

    assert the_message().state == "sent"
    assert len(emails_to(address)) == 1


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({}, TenantMissingError),
        ({"schema_name": "t_nobody"}, TenantUnknownError),
        ({"schema_name": "public"}, TenantMissingError),
    ],
)
def test_a_task_without_a_valid_tenant_is_refused(acme, headers, refusal):
    from celery import shared_task

    from tenancy.task_base import TenantTask

    @shared_task(base=TenantTask, name=f"tests.{uuid.uuid4().hex}")
    def probe():
        raise AssertionError("it must not run")

    with pytest.raises(refusal):
        probe.apply(headers=headers, throw=True)


def test_a_suspended_tenants_task_is_refused(acme):
    from celery import shared_task

    from tenancy.task_base import TenantTask

    @shared_task(base=TenantTask, name=f"tests.{uuid.uuid4().hex}")
    def probe():
        raise AssertionError("it must not run")

    services.suspend(tenant=acme)

    with pytest.raises(TenantSuspendedError):
        probe.apply(headers={"schema_name": acme.schema_name}, throw=True)


def test_a_name_is_no_markup_in_an_email(acme, make_user, address):
    make_user(acme, address, full_name="<b>Bobby</b>")

    with workspace_context(acme):
        email = mail.render(send_welcome.run(the_message()))

    html = email.alternatives[0].content
    assert "<b>Bobby" not in html
    assert timedelta(seconds=120) < relay.LEASE
