"""Have an operator to sign in with, as `make run` wants one."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from tenants.management.base import ServiceCommand
from tenants.operators import ensure_operator


class Command(ServiceCommand):
    """Refused in production: a password in an argument is for all to see there."""

    help = "Make an operator with this password, or give it to the one there is. Development only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--name", default="Operator")

    def handle(self, *_: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Not in production. Use: create_operator")
        email = options["email"]
        made = ensure_operator(email=email, password=options["password"], full_name=options["name"])
        self.stdout.write(f"{'Made' if made else 'Kept'} the operator {email}.")
