"""Run any command in every tenant, one after the other: `all_tenants_command clearsessions`."""

import argparse
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser

from operations.management.base import ServiceCommand
from tenancy.context import public_context, workspace_context
from tenants.models import Tenant


class Command(ServiceCommand):
    """A failure in one tenant doesn't stop the others."""

    help = "Run a command in every open tenant's context. Exit code 1 when it failed anywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--suspended", action="store_true", help="in suspended tenants as well")
        parser.add_argument("command_name")
        parser.add_argument("arguments", nargs=argparse.REMAINDER, help="the command's own")

    def handle(self, *_: Any, **options: Any) -> None:
        with public_context():
            wanted = Tenant.objects.all() if options["suspended"] else Tenant.objects.open()
            tenants = list(wanted.order_by("slug"))
        failed = [
            tenant.slug
            for tenant in self.progress(tenants, "tenants")
            if not self._run(tenant, options["command_name"], options["arguments"])
        ]
        if failed:
            raise CommandError(f"It failed in {len(failed)} of {len(tenants)}: {', '.join(failed)}")

    def _run(self, tenant: Tenant, name: str, arguments: list[str]) -> bool:
        try:
            with workspace_context(tenant):
                call_command(name, *arguments, stdout=self.stdout, stderr=self.stderr)
        except Exception as error:  # noqa: BLE001  # Any failure: continue with the next tenant.
            self.say(f"{tenant.slug}: {type(error).__name__}: {error}")
            return False
        return True
