"""Resend the outbox's dead messages."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from operations.management.base import ServiceCommand, tenant_called
from tasks import outbox
from tasks.models import Message
from tasks.querysets import MessageQuerySet
from tenancy.context import public_context
from tenants.roles import OPERATOR


class Command(ServiceCommand):
    """A message whose secret is erased stays dead: only a new message would help."""

    help = "Send the letters again that were given up, of one tenant or of all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", help="the subdomain")
        parser.add_argument("--kind", help="welcome, invitation, …")
        parser.add_argument("--all", action="store_true", help="whatever tenant and kind")
        parser.add_argument("--dry-run", action="store_true", help="only say which")

    def handle(self, *_: Any, **options: Any) -> None:
        if not any(options[name] for name in ("tenant", "kind", "all", "dry_run")):
            raise CommandError("Which ones? Say --tenant, --kind or --all; --dry-run shows them.")
        with public_context(OPERATOR):
            dead = _dead(options["tenant"], options["kind"])
            total = dead.count()
            revived = self._show(dead) if options["dry_run"] else outbox.resend_all(messages=dead)
        self._sum_up(revived, total, dry_run=options["dry_run"])

    def _show(self, dead: MessageQuerySet) -> int:
        letters = dead.resendable().order_by("created_at")
        for message in letters:
            self.stdout.write(f"{message.schema_name} {message}: {message.last_error}")
        return len(letters)

    def _sum_up(self, revived: int, dead: int, *, dry_run: bool) -> None:
        verb = "would be" if dry_run else "are"
        self.stdout.write(f"{revived} of {dead} dead letters {verb} sent again.")
        if revived < dead:
            self.stdout.write("The content of the others is erased.")


def _dead(subdomain: str | None, kind: str | None) -> MessageQuerySet:
    dead = Message.objects.dead()
    if subdomain:
        dead = dead.of_schema(tenant_called(subdomain).schema_name)
    if kind:
        dead = dead.filter(kind=kind)
    return dead
