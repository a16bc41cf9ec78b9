"""Rebuild the directory from the tenants' schemas, with the current `DIRECTORY_KEY`."""

from typing import Any

from operations.management.base import ServiceCommand
from tenancy.context import public_context
from tenants.directory import services as directory
from tenants.models import Tenant
from tenants.roles import OPERATOR


class Command(ServiceCommand):
    """Idempotent, and safe while the service runs."""

    help = "Hash every address in every tenant anew, after a change of DIRECTORY_KEY."

    def handle(self, *_: Any, **options: Any) -> None:
        people = 0

        def relist() -> None:
            nonlocal people
            people += directory.relist()

        self.in_each(Tenant.objects.all(), relist)
        with public_context(OPERATOR):
            stale = directory.unlist_closed()
        self.stdout.write(f"{people} people are listed; {stale} entries belonged to no tenant.")
