"""Give the outbox's dead letters another chance."""

from typing import Any

from django.core.management.base import CommandParser

from tasks import outbox
from tasks.models import Message
from tasks.workspace import public_context
from tenants.management.base import ServiceCommand, tenant_called


class Command(ServiceCommand):
    """What held a secret that is erased by now stays dead: only a new one would help."""

    help = "Send the letters again that were given up, of one tenant or of all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", help="the subdomain")
        parser.add_argument("--kind", help="welcome, invitation, …")
        parser.add_argument("--dry-run", action="store_true", help="only say which")

    def handle(self, *_: Any, **options: Any) -> None:
        with public_context():
            messages = _dead(options["tenant"], options["kind"])
            revivable = [message for message in messages if message.can_be_resent]
            for message in self.progress(revivable, "letters"):
                if options["dry_run"]:
                    self.stdout.write(f"{message.schema_name} {message}: {message.last_error}")
                else:
                    outbox.resend(message=message)
        self._sum_up(len(revivable), len(messages), dry_run=options["dry_run"])

    def _sum_up(self, revivable: int, dead: int, *, dry_run: bool) -> None:
        verb = "would be" if dry_run else "are"
        self.stdout.write(f"{revivable} of {dead} dead letters {verb} sent again.")
        if revivable < dead:
            self.stdout.write("The content of the others is erased.")


def _dead(subdomain: str | None, kind: str | None) -> list[Message]:
    dead = Message.objects.dead().order_by("created_at")
    if subdomain:
        dead = dead.of_schema(tenant_called(subdomain).schema_name)
    if kind:
        dead = dead.filter(kind=kind)
    return list(dead)
