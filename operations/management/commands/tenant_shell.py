"""Django's shell in one tenant: `tenant_shell acme`, `tenant_shell acme -c 'print(…)'`."""

from django.core.management.base import CommandParser
from django.core.management.commands.shell import Command as DjangoShell

from operations.management.commands.shell import Command as Shell


class Command(Shell):
    help = "Open Django's shell in a tenant's context."

    def add_arguments(self, parser: CommandParser) -> None:
        DjangoShell.add_arguments(self, parser)
        parser.add_argument("tenant", help="the subdomain")
