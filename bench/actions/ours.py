"""Ours: its database, its tenants, their migrations."""

import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, override_settings
from django_tenants.utils import schema_context

from accounts.models import User
from bench.form_data import PASSWORD
from operations.management.commands.migrate_schemas import WORKERS
from tenancy import revisions
from tenancy.context import database_role, public_context, workspace_context
from tenancy.roles import MIGRATOR
from tenancy.schemas import create_schema
from tenants.domains import hosts
from tenants.models import Domain, Tenant
from tenants.roles import OPERATOR
from tenants.signup.services import Owner, open_tenant


class Browser(Client):
    """Django's own client would keep the row's key as its cookie, which opens nothing here."""

    def _set_login_cookies(self, request: Any) -> None:
        super()._set_login_cookies(request)  # type: ignore[misc]  # The stubs lack it.
        self.cookies[settings.SESSION_COOKIE_NAME] = request.session.token


def prepare() -> None:
    """Create roles and the shared tables in an empty database."""
    call_command("setup_roles")
    with database_role(MIGRATOR), public_context():
        call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)


def create(number: int) -> None:
    """Open an organisation as a sign-up does: rows, schema, owner, directory, message."""
    name = host_label(number)
    owner = Owner("Ada Owner", f"ada@{name}.test", PASSWORD)
    open_tenant(organization=f"Tenant {number}", subdomain=name, owner=owner)


def fill(first: int, count: int) -> None:
    """Create tenants without users: rows and schema alone."""
    with public_context(OPERATOR):
        for number in range(first, first + count):
            fields = {"slug": host_label(number), "revision": str(revisions.target())}
            tenant = Tenant.objects.create(name=f"Tenant {number}", **fields)
            Domain.objects.create(domain=tenant.host, tenant=tenant)
            create_schema(schema_name=tenant.schema_name)


def sign_in(host: str) -> str:
    """Create an owner of the host's tenant, and return the cookie of a session."""
    tenant = hosts.find_tenant(host)
    assert tenant
    with workspace_context(tenant):
        owner = User.objects.create_user(
            "boss@bench.test",
            None,
            full_name="Zoe Boss",
            role="owner",
            email_verified=True,
            welcome=False,
        )
        client = Browser(headers={"host": host})
        client.force_login(owner)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def schemas() -> list[str]:
    """Return the tenants' schemas, the oldest first."""
    with public_context(OPERATOR):
        return list(Tenant.objects.order_by("pk").values_list("schema_name", flat=True))


def migrate(app: str | None = None, to: str | None = None) -> None:
    """Bring every tenant's schema to a migration, or to the newest ones.

    A migration is reached as by a release without later ones: given a migration's name, the
    command would leave everything to Django's executor.
    """
    with database_role(MIGRATOR), public_context(), _release(app, to):
        call_command("migrate_schemas", tenant=True, interactive=False, verbosity=0)


def record_revision(app: str, reached: str) -> None:
    """Write to the tenants' rows that their schemas are at this migration of an app."""
    migrations = revisions.own_migrations()
    later = {name for name in migrations if name > f"{app}.{reached}_~"}
    applied = migrations - {name for name in later if name.startswith(f"{app}.")}
    with database_role(MIGRATOR), public_context():
        Tenant.objects.update(revision=str(revisions.of(applied)))


def loop() -> None:
    """Call the last migration's function for each schema, and nothing that a migration adds.

    As many threads as the command has run a transaction for each schema.
    """
    paint = import_module("bench.notes.migrations.0003_paint").paint
    waiting = iter(schemas())
    lock = Lock()

    def next_schema() -> str | None:
        with lock:
            return next(waiting, None)

    def work() -> None:
        try:
            while schema := next_schema():
                with schema_context(schema), transaction.atomic():
                    paint(apps, None)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as threads:
        for done in [threads.submit(work) for _ in range(WORKERS)]:
            done.result()


@contextmanager
def _release(app: str | None, to: str | None) -> Iterator[None]:
    """Leave only the app's migrations up to this one on disk, for the block."""
    if not (app and to):
        yield
        return
    module = import_module(f"{apps.get_app_config(app).name}.migrations")
    with TemporaryDirectory() as folder, override_settings(MIGRATION_MODULES={app: f"{app}_{to}"}):
        place = Path(folder) / f"{app}_{to}"
        place.mkdir()
        for path in Path(str(module.__file__)).parent.glob("*.py"):
            if path.stem[: len(to)] <= to or path.stem == "__init__":
                shutil.copy(path, place)
        sys.path.insert(0, folder)
        revisions.forget()
        yield
        sys.path.remove(folder)
    revisions.forget()


def host_label(number: int) -> str:
    return f"bench-{number}"
