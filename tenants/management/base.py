"""What our commands have in common: plain refusals, progress, tenants by name, passwords."""

import getpass
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NoReturn, TypeVar

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import AccountError
from tasks.errors import TaskError
from tasks.roles import DatabaseRole
from tasks.workspace import public_context, workspace_context
from tenants.errors import TenantError
from tenants.models import Tenant

T = TypeVar("T")
REFUSALS = (TenantError, AccountError, TaskError)
SECONDS_BETWEEN_LINES = 1.0
# What the shared schema is called where a tenant's name is asked for; no tenant can have it.
PUBLIC = "public"


class ServiceCommand(BaseCommand):
    """A command that says what a service refused, instead of showing where."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except REFUSALS as refusal:
            raise CommandError(str(refusal)) from refusal
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal

    def progress(self, items: Sequence[T], what: str) -> Iterator[T]:
        """Yield the items, saying once a second and at the end how far it is."""
        said_at = time.monotonic()
        for number, item in enumerate(items, start=1):
            yield item
            if number == len(items) or time.monotonic() - said_at >= SECONDS_BETWEEN_LINES:
                said_at = time.monotonic()
                self.say(f"  {number} of {len(items)} {what}")

    def visit(self, work: Callable[[Tenant], None]) -> None:
        """Do the work in each tenant's context, suspended ones' included.

        A tenant in which it fails doesn't keep it from the others. Raises `CommandError`,
        which names those, at the end.
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
        except Exception as error:  # noqa: BLE001  # Whatever it is, the next tenant has its turn.
            self.say(f"{tenant.slug}: {type(error).__name__}")
            return False
        return True

    def say(self, line: str) -> None:
        """Tell a person how it goes: on stderr, so that stdout keeps the answer alone."""
        self.stderr.write(line, style_func=str)


class ClosedCommand(BaseCommand):
    """A command of django-tenants that would go round our services: it names ours instead."""

    instead = ""
    requires_system_checks: list[str] = []

    @property
    def help(self) -> str:  # type: ignore[override]  # An attribute of the base.
        return f"Closed. Use: {self.instead}"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("anything", nargs="*")

    def run_from_argv(self, argv: list[str]) -> None:
        """Refuse whatever options were given, without asking what they are."""
        super().run_from_argv([*argv[:2], *(a for a in argv[2:] if a in {"-h", "--help"})])

    def handle(self, *_: Any, **__: Any) -> NoReturn:
        raise CommandError(f"This would go round what makes a tenant whole. Use: {self.instead}")


def tenant_called(name: str) -> Tenant:
    """Return the tenant of a subdomain, or of a schema's name. Raises `CommandError`."""
    with public_context():
        found = Tenant.objects.filter(slug=name.lower()) | Tenant.objects.filter(schema_name=name)
        if (tenant := found.first()) is None:
            raise CommandError(f"No tenant is called {name!r}. See them with: list_tenants")
    return tenant


def context_called(name: str) -> AbstractContextManager[None]:
    """Return the context of a subdomain, or of `public`. Raises `CommandError`."""
    if name == PUBLIC:
        return public_context(DatabaseRole.OPERATOR)
    return workspace_context(tenant_called(name))


def is_interactive() -> bool:
    """Whether somebody sits there to be asked."""
    return sys.stdin.isatty()


def add_password_arguments(parser: Any) -> None:
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )


def ask_password(*, from_stdin: bool) -> str:
    """Return a password from standard input, or typed twice; never from an argument, which
    everybody on the machine can read. Raises `CommandError`.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not is_interactive():
        raise CommandError("Nobody is here to type a password. Say --password-stdin.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise CommandError("These were two different passwords.")
    return password
