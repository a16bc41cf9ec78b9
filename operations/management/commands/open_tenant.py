"""Open an organisation on behalf of its owner, as a sign-up would."""

import secrets
from argparse import ArgumentTypeError
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.management.base import CommandParser
from django.core.validators import validate_email

from accounts.models import User
from accounts.users.names import validate_display_name
from accounts.users.passwords import refuse_names
from operations.management.base import ServiceCommand, add_password_arguments, ask_password
from tenancy.context import workspace_context
from tenants.signup import added_fields
from tenants.signup.services import Owner, open_tenant


class Command(ServiceCommand):
    """The owner's password is typed, piped in, or chosen by the owner through a link."""

    help = "Open an organisation: tenant, schema, host, owner, welcome."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subdomain")
        parser.add_argument("--name", required=True, help="the organisation's name")
        parser.add_argument("--email", required=True, help="the owner's address, which signs in")
        parser.add_argument("--owner", required=True, help="the owner's name")
        parser.add_argument("--language", choices=dict(settings.LANGUAGES), default="en")
        parser.add_argument("--verified", action="store_true", help="the address is known to work")
        parser.add_argument("--no-welcome", action="store_true", help="send the owner no e-mail")
        parser.add_argument(
            "--field", action="append", default=[], metavar="NAME=VALUE", type=_named,
            help="the value of a sign-up field that an app adds; may be repeated",
        )  # fmt: skip
        password = parser.add_mutually_exclusive_group()
        add_password_arguments(password)
        password.add_argument(
            "--password-link", action="store_true", help="print a link to choose the password with"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        validate_display_name(options["name"])
        validate_display_name(options["owner"])
        validate_email(options["email"])
        extra = {name: added_fields.clean(name, value) for name, value in options["field"]}
        owner = Owner(
            full_name=options["owner"],
            email=options["email"],
            password=_password(options),
            language=options["language"],
            email_verified=options["verified"],
        )
        tenant, user = open_tenant(
            organization=options["name"],
            subdomain=options["subdomain"],
            owner=owner,
            welcome=not options["no_welcome"],
            extra=extra,
        )
        self.stdout.write(f"Opened {tenant.name} at {tenant.origin}")
        if options["password_link"]:
            minutes = settings.PASSWORD_RESET_TIMEOUT // 60
            self.stdout.write(f"For {minutes} minutes {user.email} may choose a password at")
            with workspace_context(tenant):
                key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
                self.stdout.write(get_adapter().get_reset_password_from_key_url(key))


def _named(argument: str) -> tuple[str, str]:
    """Split `name=value`. Raises `ArgumentTypeError`."""
    name, separator, value = argument.partition("=")
    if not separator:
        raise ArgumentTypeError(f"{argument!r} must look like name=value.")
    return name, value


def _password(options: dict[str, Any]) -> str:
    """Return the owner's password; with `--password-link` a random one, which is not shown."""
    if options["password_link"]:
        return secrets.token_urlsafe(32)
    password = ask_password(from_stdin=options["password_stdin"])
    validate_password(password, User(email=options["email"], full_name=options["owner"]))
    refuse_names(password, options["name"], options["subdomain"])
    return password
