"""End a lock-out: reset the login limits of a person, or of a client address."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.sign_in.login_throttling import budgets_of_address, budgets_of_person
from operations.management.base import ServiceCommand, context_called
from tasks.mail import all_budgets_of
from tenancy import rate_limits


class Command(ServiceCommand):
    """Safe at any time: later attempts are counted from zero."""

    help = "Reset the login limits of a person, or of a client address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the subdomain, or public for operators and visitors")
        parser.add_argument("--email", help="the person's sign-ins, codes, resets and e-mails")
        parser.add_argument("--address", help="the client's IP address")

    def handle(self, *_: Any, **options: Any) -> None:
        email, address = options["email"], options["address"]
        if not (email or address):
            raise CommandError("Whose limits? Use --email, --address, or both.")
        with context_called(options["tenant"]):
            budgets = (*budgets_of_person(email), *all_budgets_of(email)) if email else ()
            if address:
                try:
                    budgets += budgets_of_address(address, email)
                except ValueError as error:
                    raise CommandError(f"{address} is no IP address.") from error
            rate_limits.reset(*budgets)
        self.stdout.write(f"Reset {len(budgets)} counters.")
