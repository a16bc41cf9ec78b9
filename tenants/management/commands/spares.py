"""The schemas that stand ready for the next sign-ups: how many, for which release."""

from typing import Any

from django.core.management.base import CommandParser

from tasks.roles import DatabaseRole
from tasks.workspace import public_context
from tenants import spares
from tenants.management.base import ServiceCommand
from tenants.provisioning.script import prepare


class Command(ServiceCommand):
    """May be run again, and beside the worker, which does the same by itself."""

    help = "Show the schemas that stand ready, make what is missing, drop what is old."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fill", action="store_true", help="make as many as are missing")
        parser.add_argument(
            "--drop-old", action="store_true", help="drop those that other releases have left"
        )
        parser.add_argument("--names", action="store_true", help="list them by name")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["drop_old"]:
            self.say(f"{spares.drop_old()} dropped.")
        if options["fill"]:
            prepare()
            self.say(f"{spares.fill()} made.")
        with public_context(DatabaseRole.OPERATOR):
            pool, names = spares.pool(), spares.names() if options["names"] else []
        self.stdout.write(f"{pool.ready} of {pool.target} ready, {pool.others} of other releases.")
        if not pool.has_script:
            self.stdout.write("This release has no script: sign-ups run the migrations.")
        for name in names:
            self.stdout.write(name)
