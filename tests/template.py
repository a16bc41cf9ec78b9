"""The database that all others of a test run are cloned from: migrated, with two tenants.

`python -m tests.template` migrates alone, for `dev.testing`, which keeps the result for other runs.
"""

import io
import os
from typing import LiteralString

import django
import psycopg
from django.core.management import call_command


def make(administrator: str) -> None:
    """Migrate the database that Django is connected to, and make its two tenants."""
    if _count(administrator, "tenants_tenant"):
        return
    migrate(administrator)
    _make_tenants()


def migrate(administrator: str) -> None:
    """Make the roles, public's tables and the script that new schemas are made from."""
    from tenancy.context import database_role, public_context
    from tenancy.roles import MIGRATOR

    if not _count(administrator, "tenancy_schemasnapshot"):
        call_command("setup_roles", stdout=io.StringIO())
    with database_role(MIGRATOR), public_context():
        call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)


def _count(administrator: str, table: LiteralString) -> int:
    """Return how many rows a table of public has; 0 where there is no such table."""
    with psycopg.connect(administrator) as plain:
        if plain.execute("SELECT to_regclass(%s)", [f"public.{table}"]).fetchone() == (None,):
            return 0
        (count,) = plain.execute(f"SELECT count(*) FROM public.{table}").fetchone() or (0,)
    return count


def _make_tenants() -> None:
    from tenancy import revisions
    from tenancy.context import public_context
    from tenancy.schemas import create_schema
    from tenants.models import Domain, Tenant
    from tenants.roles import OPERATOR

    with public_context(OPERATOR):
        for slug in ("acme", "globex"):
            revision = str(revisions.target())
            tenant = Tenant.objects.create(name=slug.title(), slug=slug, revision=revision)
            Domain.objects.create(domain=tenant.host, tenant=tenant)
            create_schema(schema_name=tenant.schema_name)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "saas.settings"
    django.setup()
    from django.conf import settings

    migrate(settings.DATABASE_ADMIN_URL)
