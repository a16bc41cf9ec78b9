"""E-mail deliveries: Celery tasks, each of a function that returns the content of an e-mail."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from celery import shared_task

from tasks import policies, relay
from tasks.errors import MailServerAwayError
from tasks.mail import EmailContent
from tasks.models import Message
from tasks.payloads import decrypt
from tasks.policies import Category, Policy
from tasks.roles import RELAY
from tasks.smtp import SmtpConnection
from tenancy.context import load_workspace, public_context, schema_of
from tenancy.errors import TenantSuspendedError, TenantUnknownError
from tenancy.task_base import Load, TenantTask

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Delivery(TenantTask):
    """Calls its function with a claimed message, sends the returned e-mail, records the result.

    Does nothing if the message is claimed elsewhere, or done.
    """

    abstract = True
    allow_public = True
    kind: str

    def __call__(self, pk: str) -> None:
        schema_name = schema_of(self)
        if context := self.sending_context(pk, schema_name):
            with SmtpConnection() as smtp, suppress(MailServerAwayError), context:
                message = Message.objects.of_schema(schema_name).filter(pk=pk).first()
                if message is None or not relay.claim(message):
                    return
                if relay.attempt(message, write=self.run, smtp=smtp):
                    relay.record_sent(message)

    def sending_context(self, pk: str, schema_name: str, load: Load = load_workspace) -> Any:
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


def delivery(
    kind: str, label: "StrOrPromise", category: Category, **policy: Any
) -> Callable[[Callable[[Message], EmailContent]], Any]:
    """Make a Celery task of a function that returns the content of a message's e-mail.

    The arguments are those of `tasks.policies.Policy`.
    """
    make_task = shared_task(base=Delivery, kind=kind)

    def decorate(write: Callable[[Message], EmailContent]) -> Any:
        task = make_task(write)
        policies.register(task.name, Policy(kind, label, category, **policy))
        return task

    return decorate


def secret_content(message: Message) -> EmailContent:
    """Return the content that a secret message holds in its payload.

    Raises `PayloadGoneError` when it is erased or has expired.
    """
    return EmailContent(**decrypt(message))
