"""E-mail deliveries: Celery tasks, each of a function that returns the content of an e-mail."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from celery import shared_task
from django.contrib.auth import get_user_model
from django.utils.timezone import localtime

from tasks import relay
from tasks.errors import MailServerAwayError
from tasks.mail import Letter
from tasks.models import Message
from tasks.payloads import unseal
from tasks.roles import RELAY
from tasks.smtp import SmtpConnection
from tenancy.context import load_workspace, public_context, schema_of
from tenancy.errors import TenantSuspendedError, TenantUnknownError
from tenancy.task_base import Load, TenantTask


class Delivery(TenantTask):
    """Calls its function with a claimed message, sends the returned e-mail, records the result."""

    abstract = True
    allow_public = True
    kind: str

    def __call__(self, pk: str) -> None:
        if context := self.way_to(pk, schema_of(self)):
            with SmtpConnection() as line, suppress(MailServerAwayError), context:
                relay.deliver(pk, write=self.run, line=line)

    def way_to(self, pk: str, schema_name: str, load: Load = load_workspace) -> Any:
        """Return the context that a message is sent in, or None if it isn't sent.

        The message of a suspended tenant is held, that of an unknown tenant fails permanently.
        """
        try:
            return self.context_of(schema_name, load)
        except TenantSuspendedError:
            with public_context(RELAY):
                relay.hold(pk)
        except TenantUnknownError as error:
            with public_context(RELAY):
                for message in Message.objects.of_schema(schema_name).filter(pk=pk):
                    relay.fail_permanently(message, error)
        return None


def delivery(kind: str) -> Callable[[Callable[[Message], Letter]], Any]:
    """Make a Celery task of a function that returns the e-mail of a message."""
    return shared_task(base=Delivery, kind=kind)


@delivery("welcome")
def send_welcome(message: Message) -> Letter:
    """Welcome a new member to their workspace."""
    user = get_user_model().objects.with_addresses().get(pk=message.user_id)
    return Letter("welcome", to=user.email, language=user.language, context={"user": user})


@delivery("closing_notice")
def send_closing_notice(message: Message) -> Letter:
    """Tell an owner with an unconfirmed address when their workspace is closed."""
    user = get_user_model().objects.get(pk=message.user_id)
    closes_at = datetime.fromisoformat(message.arguments["closes_at"])
    context = {"user": user, "closes_at": localtime(closes_at, user.zone)}
    return Letter("closing_notice", to=user.email, language=user.language, context=context)


@delivery("letter")
def send_letter(message: Message) -> Letter:
    """Send an e-mail that was encrypted when it was enqueued: a code, a link, an answer."""
    return Letter(**unseal(message))
