"""Our side: its database, its tenants, its fleet."""

from django.core.management import call_command

from tasks.roles import DatabaseRole
from tasks.workspace import acting_as, public_context
from tenants.models import Domain, Tenant
from tenants.schemas import create_schema
from tenants.signup import Owner, open_tenant


def prepare() -> None:
    """Make roles and the shared tables in an empty database."""
    call_command("setup_roles")
    with acting_as(DatabaseRole.MIGRATOR), public_context():
        call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)


def create(number: int) -> None:
    """Open an organisation as a sign-up does: rows, schema, owner, directory, letter."""
    name = host_label(number)
    owner = Owner("Ada Owner", f"ada@{name}.test", "correct horse battery staple")
    open_tenant(organization=f"Tenant {number}", subdomain=name, owner=owner)


def fill(first: int, count: int) -> None:
    """Make tenants without people, as fast as that goes."""
    with public_context(DatabaseRole.OPERATOR):
        for number in range(first, first + count):
            tenant = Tenant.objects.create(name=f"Tenant {number}", slug=host_label(number))
            Domain.objects.create(domain=tenant.host, tenant=tenant)
            create_schema(schema_name=tenant.schema_name)


def schemas() -> list[str]:
    """Return the tenants' schemas, in the order of their making."""
    with public_context(DatabaseRole.OPERATOR):
        return list(Tenant.objects.order_by("pk").values_list("schema_name", flat=True))


def migrate(app: str | None = None, to: str | None = None) -> None:
    """Bring every tenant's schema to a migration, or to the newest ones."""
    with acting_as(DatabaseRole.MIGRATOR), public_context():
        target = {"app_label": app, "migration_name": to} if app else {}
        call_command("migrate_schemas", tenant=True, interactive=False, verbosity=0, **target)


def host_label(number: int) -> str:
    return f"bench-{number}"
