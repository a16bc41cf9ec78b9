"""Make sure that an operator exists to sign in with; used by `make run`."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from operations.management.base import ServiceCommand
from operations.operators import ensure_operator


class Command(ServiceCommand):
    """Refused in production: every user of the machine can read a password in an argument."""

    help = "Create an operator with this password, or set it for an existing one. Development only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--name", default="Operator")

    def handle(self, *_: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Not in production. Use: create_operator")
        email = options["email"]
        made = ensure_operator(email=email, password=options["password"], full_name=options["name"])
        self.stdout.write(f"{'Created' if made else 'Kept'} the operator {email}.")
