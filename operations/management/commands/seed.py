"""Fill a development database with example organisations."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from operations.management.base import ServiceCommand
from operations.management.examples import making
from operations.management.examples.organisations import Organisation, organisations
from tenants.signup.errors import NameTakenError

DEVELOPMENT_PASSWORD = "coffee before sunrise"  # noqa: S105  # Protects example data only.


class Command(ServiceCommand):
    """Idempotent: adds what is missing, and changes no existing row."""

    help = "Add example organisations with people, invitations and messages. Development only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="also outside development")
        parser.add_argument(
            "--password", help="for all new people; without it a known one in development"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        if settings.SAAS_ENV == "production" and not options["force"]:
            raise CommandError("These people are invented. Use --force to add them here.")
        default = secrets.token_urlsafe(12) if settings.PRODUCTION else DEVELOPMENT_PASSWORD
        password = options["password"] or default
        made = [self._make(organisation, password) for organisation in organisations()]
        for origin, email in filter(None, made):
            self.stdout.write(f"{origin}/accounts/login/  {email}")
        self.stdout.write(f"Password of new people: {password}")

    def _make(self, organisation: Organisation, password: str) -> tuple[str, str] | None:
        """Return the origin and the address with which the owner signs in; None if taken."""
        self.say(f"{organisation.name} …")
        try:
            tenant = making.make_tenant(organisation, password)
        except NameTakenError:
            self.say(f"  {organisation.subdomain} is another tenant's subdomain: skipped.")
            return None
        added = making.make_people(organisation, tenant, password)
        making.make_history(organisation, tenant)
        self.say(f"  {len(organisation.people)} people, {added} of them added now.")
        return tenant.origin, organisation.email_of(organisation.people[0].mailbox)
