"""The letters we send: each a Celery task whose function says what stands in it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from celery import shared_task
from django.contrib.auth import get_user_model
from django.utils.timezone import localtime

from tasks import relay
from tasks.base import TenantTask
from tasks.errors import TenantClosedError, TenantUnknownError
from tasks.lines import Line
from tasks.mail import Letter
from tasks.models import Message
from tasks.payloads import unseal
from tasks.roles import DatabaseRole
from tasks.workspace import public_context, schema_of


class Delivery(TenantTask):
    """Calls its function with a claimed message, sends the letter it returns, records it."""

    abstract = True
    allow_public = True
    kind: str

    def __call__(self, pk: str) -> None:
        with Line() as line:
            self.deliver(pk, schema_of(self), line)

    def deliver(self, pk: str, schema_name: str, line: Line) -> bool:
        """Send a message of a schema; whether the mail server would take another one."""
        try:
            context = self.context_of(schema_name)
        except TenantClosedError:
            with public_context(DatabaseRole.RELAY):
                relay.hold(pk)
        except TenantUnknownError as error:
            with public_context(DatabaseRole.RELAY):
                for message in Message.objects.of_schema(schema_name).filter(pk=pk):
                    relay.bury(message, error)
        else:
            with context:
                return relay.deliver(pk, write=self.run, line=line)
        return True


def delivery(kind: str) -> Callable[[Callable[[Message], Letter]], Any]:
    """Make a Celery task of a function that writes the letter of a message."""
    return shared_task(base=Delivery, kind=kind)


@delivery("welcome")
def send_welcome(message: Message) -> Letter:
    """Greet a new person, on the way in to their workspace."""
    user = get_user_model().objects.with_addresses().get(pk=message.user_id)
    return Letter("welcome", to=user.email, language=user.language, context={"user": user})


@delivery("closing_notice")
def send_closing_notice(message: Message) -> Letter:
    """Tell an owner who hasn't confirmed their address when their workspace ends."""
    user = get_user_model().objects.get(pk=message.user_id)
    closes_at = datetime.fromisoformat(message.arguments["closes_at"])
    context = {"user": user, "closes_at": localtime(closes_at, user.zone)}
    return Letter("closing_notice", to=user.email, language=user.language, context=context)


@delivery("letter")
def send_letter(message: Message) -> Letter:
    """Send a letter that was written beforehand and sealed: a code, a link, an answer."""
    return Letter(**unseal(message))
