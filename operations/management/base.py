"""Base classes and helpers of the commands: errors, progress, tenants by name, passwords."""

import getpass
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NoReturn, TypeVar

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

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

    def visit(self, work: Callable[[Tenant], None]) -> None:
        """Run `work` in each tenant's context, suspended tenants included.

        A failure in one tenant doesn't stop the others. Raises `CommandError` at the end,
        which names the tenants that failed.
        """
        with public_context():
            tenants = list(Tenant.objects.order_by("slug"))
        failed = [t.slug for t in self.progress(tenants, "tenants") if not self._visit(t, work)]
        if failed:
            raise CommandError(f"It failed in {len(failed)} of {len(tenants)}: {', '.join(failed)}")

    def _visit(self, tenant: Tenant, work: Callable[[Tenant], None]) -> bool:
        try:
            with workspace_context(tenant):
                work(tenant)
        except Exception as error:  # noqa: BLE001  # Any failure: continue with the next tenant.
            self.say(f"{tenant.slug}: {type(error).__name__}")
            return False
        return True

    def say(self, line: str) -> None:
        """Print progress to stderr, so that stdout contains only the result."""
        self.stderr.write(line, style_func=str)


class ClosedCommand(BaseCommand):
    """Replaces a command of django-tenants that would bypass our services, and names ours."""

    instead = ""
    requires_system_checks: list[str] = []

    @property
    def help(self) -> str:  # type: ignore[override]  # An attribute of the base.
        return f"Closed. Use: {self.instead}"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("anything", nargs="*")

    def run_from_argv(self, argv: list[str]) -> None:
        """Drop all options except help, so that any unknown option gets the refusal, too."""
        super().run_from_argv([*argv[:2], *(a for a in argv[2:] if a in {"-h", "--help"})])

    def handle(self, *_: Any, **__: Any) -> NoReturn:
        raise CommandError(f"This would go round what makes a tenant whole. Use: {self.instead}")


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
        raise CommandError("Nobody is here to type a password. Say --password-stdin.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise CommandError("These were two different passwords.")
    return password
