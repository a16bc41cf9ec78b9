"""Resend the outbox's dead messages."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from operations.management.base import ServiceCommand, tenant_called
from tasks import outbox
from tasks.models import Message
from tenancy.context import public_context
from tenants.roles import OPERATOR


class Command(ServiceCommand):
    """A message whose secret is erased stays dead: only a new message would help."""

    help = "Send failed messages again that are retried no more, of one tenant or of all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", help="the subdomain")
        parser.add_argument("--kind", help="welcome, invitation, …")
        parser.add_argument("--all", action="store_true", help="of every tenant and kind")
        parser.add_argument("--dry-run", action="store_true", help="only list them")

    def handle(self, *_: Any, **options: Any) -> None:
        if not any(options[name] for name in ("tenant", "kind", "all", "dry_run")):
            raise CommandError("Which ones? Use --tenant, --kind or --all; --dry-run lists them.")
        with public_context(OPERATOR):
            dead = Message.objects.dead()
            if options["tenant"]:
                dead = dead.of_schema(tenant_called(options["tenant"]).schema_name)
            if options["kind"]:
                dead = dead.filter(kind=options["kind"])
            total = dead.count()
            if options["dry_run"]:
                resendable = dead.resendable().order_by("created_at")
                for message in resendable:
                    self.stdout.write(f"{message.schema_name} {message}: {message.last_error}")
                count = len(resendable)
            else:
                count = outbox.resend_all(messages=dead)
        verb = "would be" if options["dry_run"] else "are"
        self.stdout.write(f"{count} of {total} failed messages {verb} sent again.")
        if count < total:
            self.stdout.write("The content of the others is erased.")
