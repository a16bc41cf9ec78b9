"""Django's command line, with the tenant context that each command needs."""

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import django
import environ
from django.core.management import execute_from_command_line

from operations.refused_commands import REFUSED

# Commands of Django and its libraries that use the shared tables, or that iterate over the
# schemas themselves. Our own choose their context; any other command has none, and its first
# query raises `ContextMissingError`.
PUBLIC_COMMANDS = frozenset(
    {"check", "createsuperuser", "makemigrations", "migrate", "migrate_schemas", "showmigrations",
     "sqlmigrate", "changepassword"}
)  # fmt: skip
# Those among them that change tables: they run as the tables' owner.
MIGRATING_COMMANDS = frozenset({"migrate", "migrate_schemas"})
# Written by `make run`, so that an editor can run `manage.py` as well. Production names these.
DEVELOPMENT = Path(__file__).resolve().parent.parent / "var" / "development.env"
ENVIRONMENT = frozenset({"SAAS_ENV", "SECRET_KEY", "DATABASE_URL"})
WHOSE_DATA = """\
Whose data is {command} about? It ran without a tenant, and nothing was done. Say one of:
  manage.py tenant_command SUBDOMAIN {command} …
  manage.py tenant_command public {command} …
  manage.py all_tenants_command {command} …"""


def main(arguments: Sequence[str]) -> None:
    """Run a management command, as `manage.py` does."""
    _read_development()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")
    command = arguments[1] if len(arguments) > 1 else ""
    if command in REFUSED:
        sys.exit(f"{command} would leave an incomplete tenant. Use: {REFUSED[command]}")
    process = "migration" if command in MIGRATING_COMMANDS else "command"
    os.environ.setdefault("SAAS_PROCESS", process)
    try:
        with _context_of(command):
            execute_from_command_line(list(arguments))
    except RuntimeError as error:
        # Imported late: the backend needs the apps loaded.
        from tenancy.postgresql.search_path import ContextMissingError

        if "--traceback" in arguments or not isinstance(error, ContextMissingError):
            raise
        sys.exit(WHOSE_DATA.format(command=command))


def _read_development() -> None:
    """Read the environment of the last `make run`, where the shell or container has none at all."""
    if DEVELOPMENT.is_file() and not os.environ.keys() & ENVIRONMENT:
        environ.Env.read_env(DEVELOPMENT)


def _context_of(command: str) -> AbstractContextManager[None]:
    if command not in PUBLIC_COMMANDS:
        return nullcontext()
    django.setup()
    from tenancy.context import database_role, public_context
    from tenancy.roles import MIGRATOR
    from tenants.roles import OPERATOR

    if command in MIGRATING_COMMANDS:
        return database_role(MIGRATOR, within=public_context())
    return public_context(OPERATOR)
