"""Django's shell in the context of a tenant or of public; asks if none is named."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.shell import Command as DjangoShell

from operations.management.base import PUBLIC, context_called, is_interactive


class Command(DjangoShell):
    """The whole shell runs in one context; `workspace_context` changes it for a block."""

    help = "Open Django's shell in the context of a tenant or of public."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        whose = parser.add_mutually_exclusive_group()
        whose.add_argument("--tenant", help="the subdomain of the tenant to work in")
        whose.add_argument(
            "--public", dest="tenant", action="store_const", const=PUBLIC,
            help="work in the shared tables: tenants, outbox, operators",
        )  # fmt: skip

    def handle(self, **options: Any) -> None:
        with context_called(options.pop("tenant") or self._ask()):
            super().handle(**options)

    def _ask(self) -> str:
        if not is_interactive():
            raise CommandError("Whose data? Use --tenant SUBDOMAIN or --public.")
        answer = input(f"Which tenant? (its subdomain, or {PUBLIC}) ").strip()
        if not answer:
            raise CommandError("No tenant, no shell.")
        return answer
