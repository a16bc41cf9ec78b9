"""Add an operator of the service."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from operations.management.base import ServiceCommand, add_password_arguments, ask_password
from operations.operators import add_operator


class Command(ServiceCommand):
    """Replaces Django's `createsuperuser`; never takes the password as an argument."""

    help = "Create an operator, who signs in at /operator/ on the base host."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True, help="the operator's name")
        add_password_arguments(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        password = ask_password(from_stdin=options["password_stdin"])
        operator = add_operator(
            email=options["email"], password=password, full_name=options["name"]
        )
        where = f"{settings.BASE_ORIGIN}{settings.OPERATOR_PATH}"
        self.stdout.write(f"{operator.email} signs in at {where}")
