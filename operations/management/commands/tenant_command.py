"""Run any command in one tenant's context: `tenant_command acme clearsessions`."""

import argparse
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandParser

from operations.management.base import ServiceCommand, context_called


class Command(ServiceCommand):
    """Replaces django-tenants' own, which asks for a schema and leaves the process in it."""

    help = "Run a command in a tenant's context, or in public."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the subdomain, or public")
        parser.add_argument("command_name")
        parser.add_argument("arguments", nargs=argparse.REMAINDER, help="the command's own")

    def handle(self, *_: Any, **options: Any) -> None:
        with context_called(options["tenant"]):
            call_command(
                options["command_name"],
                *options["arguments"],
                stdout=self.stdout,
                stderr=self.stderr,
            )
