"""Fill the directory anew from the tenants' schemas, with the `DIRECTORY_KEY` that is set."""

from typing import Any

from tasks.roles import DatabaseRole
from tasks.workspace import public_context
from tenants import directory
from tenants.management.base import ServiceCommand


class Command(ServiceCommand):
    """May be run again, and while the service runs."""

    help = "Hash every address in every tenant anew, after a change of DIRECTORY_KEY."

    def handle(self, *_: Any, **options: Any) -> None:
        people = 0

        def relist(_tenant: Any) -> None:
            nonlocal people
            people += directory.relist()

        self.visit(relist)
        with public_context(DatabaseRole.OPERATOR):
            stale = directory.unlist_closed()
        self.stdout.write(f"{people} people are listed; {stale} entries belonged to no tenant.")
