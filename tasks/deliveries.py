"""The letters we send: each a Celery task whose function says what stands in it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from celery import shared_task
from django.contrib.auth import get_user_model
from django.utils.timezone import localtime

from tasks import relay
from tasks.base import Load, TenantTask
from tasks.errors import MailServerAwayError, TenantClosedError, TenantUnknownError
from tasks.lines import Line
from tasks.mail import Letter
from tasks.models import Message
from tasks.payloads import unseal
from tasks.roles import DatabaseRole
from tasks.workspace import load_workspace, public_context, schema_of


class Delivery(TenantTask):
    """Calls its function with a claimed message, sends the letter it returns, records it."""

    abstract = True
    allow_public = True
    kind: str

    def __call__(self, pk: str) -> None:
        if context := self.way_to(pk, schema_of(self)):
            with Line() as line, suppress(MailServerAwayError), context:
                relay.deliver(pk, write=self.run, line=line)

    def way_to(self, pk: str, schema_name: str, load: Load = load_workspace) -> Any:
        """Return the context that a message is sent in.

        None where it isn't: it is held while its tenant is suspended, and given up with it.
        """
        try:
            return self.context_of(schema_name, load)
        except TenantClosedError:
            with public_context(DatabaseRole.RELAY):
                relay.hold(pk)
        except TenantUnknownError as error:
            with public_context(DatabaseRole.RELAY):
                for message in Message.objects.of_schema(schema_name).filter(pk=pk):
                    relay.bury(message, error)
        return None


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
