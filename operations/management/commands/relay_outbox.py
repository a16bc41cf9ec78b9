"""Send due messages from this process: for when worker, beat or Redis are unavailable."""

from collections import Counter
from typing import Any

from operations.management.base import ServiceCommand
from tasks import relay, worker_loop
from tasks.models import Message
from tasks.roles import RELAY
from tasks.smtp import SmtpConnection
from tenancy.context import public_context


class Command(ServiceCommand):
    """Safe beside running workers: each message is claimed before it is sent."""

    help = "Send every message that is due, from this process, and print the results."

    def handle(self, *_: Any, **options: Any) -> None:
        outcome: Counter[str] = Counter()
        with SmtpConnection() as connection:
            while True:
                with public_context(RELAY):
                    messages = relay.lease_batch()
                if not messages:
                    break
                for message in self.progress(messages, "messages"):
                    outcome[_send(message, connection)] += 1
        counts = ", ".join(f"{count} {state}" for state, count in sorted(outcome.items()))
        self.stdout.write(counts or "Nothing is due.")


def _send(message: Message, connection: SmtpConnection) -> str:
    """Deliver as a worker would, bound to the message's schema. Return the resulting state."""
    with public_context(RELAY):
        worker_loop.deliver(message, connection)
        state = Message.objects.filter(pk=message.pk).values_list("state", flat=True).first()
    # Deleting a tenant deletes its messages.
    return str(state or "gone")
