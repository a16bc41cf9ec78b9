"""Lift a lock-out: reset the rate limits of a person, or of a client address."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.sign_in.login_throttling import budgets_of_address, budgets_of_person
from operations.management.base import ServiceCommand, context_called
from tasks.mail import all_budgets_of
from tenancy import rate_limits


class Command(ServiceCommand):
    """Safe at any time: later attempts are counted from zero."""

    help = "Let a person, or everybody at one client address, try again at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the subdomain, or public for operators and visitors")
        parser.add_argument("--email", help="whose sign-ins, codes, resets and letters")
        parser.add_argument("--address", help="the client's IP address")

    def handle(self, *_: Any, **options: Any) -> None:
        email, address = options["email"], options["address"]
        if not (email or address):
            raise CommandError("Say whom to forgive: --email, --address, or both.")
        with context_called(options["tenant"]):
            budgets = [
                *(budgets_of_person(email) if email else ()),
                *(all_budgets_of(email) if email else ()),
                *(_of_address(address, email) if address else ()),
            ]
            rate_limits.reset(*budgets)
        self.stdout.write(f"Forgiven: {len(budgets)} counts. They may try again.")


def _of_address(address: str, email: str | None) -> tuple[rate_limits.Budget, ...]:
    try:
        return budgets_of_address(address, email)
    except ValueError as error:
        raise CommandError(f"{address} is no IP address.") from error
