"""Send what is due from this very process: for when worker, beat or Redis are away."""

from collections import Counter
from typing import Any

from tasks import relay, rounds
from tasks.lines import Line
from tasks.models import Message
from tasks.roles import DatabaseRole
from tasks.workspace import public_context
from tenants.management.base import ServiceCommand


class Command(ServiceCommand):
    """Safe beside running workers: each message is claimed before it is sent."""

    help = "Send every letter that is due, here and now, and say what became of them."

    def handle(self, *_: Any, **options: Any) -> None:
        outcome: Counter[str] = Counter()
        with Line() as line:
            while messages := _due():
                for message in self.progress(messages, "letters"):
                    outcome[_send(message, line)] += 1
        counts = ", ".join(f"{count} {state}" for state, count in sorted(outcome.items()))
        self.stdout.write(counts or "Nothing is due.")


def _due() -> list[Message]:
    with public_context(DatabaseRole.RELAY):
        return relay.hand_out()


def _send(message: Message, line: Line) -> str:
    """Run the delivery as a worker would, bound to its schema; return what became of it."""
    with public_context(DatabaseRole.RELAY):
        rounds.deliver(message, line)
        state = Message.objects.filter(pk=message.pk).values_list("state", flat=True).first()
    # Whoever closes a tenant deletes its letters.
    return str(state or "gone")
