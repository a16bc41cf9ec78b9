"""Show, fill and clean the pool of schemas that are ready for sign-ups."""

from typing import Any

from django.core.management.base import CommandParser

from operations.management.base import ServiceCommand
from tenancy import schema_pool
from tenancy.context import public_context
from tenancy.provisioning.snapshots import prepare
from tenants.roles import OPERATOR


class Command(ServiceCommand):
    """Idempotent, and safe beside the worker, which does the same by itself."""

    help = "Show the schemas that are ready for sign-ups, make missing ones, drop old ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fill", action="store_true", help="make as many as are missing")
        parser.add_argument(
            "--drop-old", action="store_true", help="drop those that other releases have left"
        )
        parser.add_argument("--names", action="store_true", help="list them by name")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["drop_old"]:
            self.say(f"{schema_pool.drop_old()} dropped.")
        if options["fill"]:
            prepare()
            self.say(f"{schema_pool.fill()} made.")
        with public_context(OPERATOR):
            pool, names = schema_pool.pool(), schema_pool.names() if options["names"] else []
        self.stdout.write(f"{pool.ready} of {pool.target} ready, {pool.others} of other releases.")
        if not pool.has_script:
            self.stdout.write("This release has no snapshot: sign-ups run the migrations.")
        for name in names:
            self.stdout.write(name)
