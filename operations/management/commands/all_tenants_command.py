"""Run any command in every tenant, one after the other: `all_tenants_command clearsessions`."""

import argparse
from functools import partial
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandParser

from operations.management.base import ServiceCommand
from tenants.models import Tenant


class Command(ServiceCommand):
    """A failure in one tenant doesn't stop the others."""

    help = "Run a command in every open tenant's context. Exit code 1 when it failed anywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--suspended", action="store_true", help="in suspended tenants as well")
        parser.add_argument("command_name")
        parser.add_argument("arguments", nargs=argparse.REMAINDER, help="the command's own")

    def handle(self, *_: Any, **options: Any) -> None:
        tenants = Tenant.objects.all() if options["suspended"] else Tenant.objects.open()
        command = [options["command_name"], *options["arguments"]]
        run = partial(call_command, *command, stdout=self.stdout, stderr=self.stderr)
        self.in_each(tenants, run, is_verbose=True)
