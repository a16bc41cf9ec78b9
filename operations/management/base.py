"""Base classes and helpers of the commands: errors, progress, tenants by name, passwords."""

import getpass
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from accounts.users.errors import AccountError
from tasks.errors import TaskError
from tenancy.context import public_context, workspace_context
from tenancy.errors import TenancyError
from tenants.models import Tenant
from tenants.organisations.errors import TenantError
from tenants.roles import OPERATOR

T = TypeVar("T")
REFUSALS = (TenantError, AccountError, TaskError, TenancyError)
SECONDS_BETWEEN_LINES = 1.0
# Selects the public schema where a tenant's name is expected; no tenant can have this name.
PUBLIC = "public"


class ServiceCommand(BaseCommand):
    """A command that reports a service's refusal as `CommandError`, without a traceback."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except REFUSALS as refusal:
            raise CommandError(str(refusal)) from refusal
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal

    def progress(self, items: Sequence[T], what: str) -> Iterator[T]:
        """Yield the items; print the progress once a second at most, and at the end."""
        said_at = time.monotonic()
        for number, item in enumerate(items, start=1):
            yield item
            if number == len(items) or time.monotonic() - said_at >= SECONDS_BETWEEN_LINES:
                said_at = time.monotonic()
                self.say(f"  {number} of {len(items)} {what}")

    def in_each(
        self, tenants: "QuerySet[Tenant]", work: Callable[[], object], *, is_verbose: bool = False
    ) -> None:
        """Run `work` in each tenant's context.

        A failure in one tenant doesn't stop the others. Raises `CommandError` at the end,
        which names the tenants that failed. An error's text is shown only if `is_verbose`:
        it may quote data.
        """
        with public_context():
            found = list(tenants.order_by("slug"))
        failed = []
        for tenant in self.progress(found, "tenants"):
            try:
                with workspace_context(tenant):
                    work()
            except Exception as error:  # noqa: BLE001  # Any failure: continue with the next tenant.
                failed.append(tenant.slug)
                text = f": {error}" if is_verbose else ""
                self.say(f"{tenant.slug}: {type(error).__name__}{text}")
        if failed:
            raise CommandError(f"It failed in {len(failed)} of {len(found)}: {', '.join(failed)}")

    def say(self, line: str) -> None:
        """Print progress to stderr, so that stdout contains only the result."""
        self.stderr.write(line, style_func=str)


def tenant_called(name: str) -> Tenant:
    """Return the tenant with this subdomain or schema name. Raises `CommandError`."""
    with public_context():
        found = Tenant.objects.filter(slug=name.lower()) | Tenant.objects.filter(schema_name=name)
        if (tenant := found.first()) is None:
            raise CommandError(f"No tenant is called {name!r}. See them with: list_tenants")
    return tenant


def context_called(name: str) -> AbstractContextManager[None]:
    """Return the context of a subdomain, or of `public`. Raises `CommandError`."""
    if name == PUBLIC:
        return public_context(OPERATOR)
    return workspace_context(tenant_called(name))


def is_interactive() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin.isatty()


def add_password_arguments(parser: Any) -> None:
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )


def ask_password(*, from_stdin: bool) -> str:
    """Return a password from standard input, or typed twice; never from an argument, which
    every user of the machine can read. Raises `CommandError`.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not is_interactive():
        raise CommandError(
            "Standard input is no terminal to type a password in. Use --password-stdin."
        )
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise CommandError("The two passwords differ.")
    return password
