"""Schemas and tenants: one of each, and all tables in it."""

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tasks.roles import DatabaseRole
from tasks.workspace import public_context
from tenants import schemas, spares
from tenants.closing import close_tenant
from tenants.doctor.findings import Finding
from tenants.doctor.reading import alone
from tenants.models import SpareSchema, Tenant

# Where a schema notes which migrations it has had.
RECORDS = "django_migrations"


def owned_schemas() -> set[str]:
    """Return the schemas that rows account for: tenants', and those ready for the next ones.

    In one statement: between two, a sign-up could take what the first has not seen yet.
    """
    tenants = Tenant.objects.order_by().values_list("schema_name", flat=True)
    with public_context(DatabaseRole.OPERATOR):
        return set(tenants.union(SpareSchema.objects.values_list("schema_name", flat=True)))


def schemas_without_tenant() -> list[Finding]:
    """Schemas that no sign-up in flight can own: it commits schema and tenant together."""
    stray, _missing = alone(schemas.tenant_schemas, owned_schemas)
    return [_stray(name) for name in sorted(stray)]


def tenants_without_schema() -> list[Finding]:
    _stray_ones, missing = alone(schemas.tenant_schemas, owned_schemas)
    with public_context():
        tenants = list(Tenant.objects.filter(schema_name__in=missing).order_by("slug"))
    return [_schemaless(tenant) for tenant in tenants]


def spares_without_schema() -> list[Finding]:
    """A sign-up that took such a one would fail: its row is made and deleted with the schema."""
    _stray_ones, missing = alone(schemas.tenant_schemas, owned_schemas)
    with public_context(DatabaseRole.OPERATOR):
        gone = list(SpareSchema.objects.filter(schema_name__in=missing).order_by("schema_name"))
    return [_sparse(spare) for spare in gone]


def half_made(tenant: Tenant) -> list[Finding]:
    """What the tenant's schema lacks. Called in its context."""
    missing = schemas.missing_tables(schema_name=tenant.schema_name, tables=_tables())
    if RECORDS in missing:
        # Nothing says what was done: starting over would meet the tables that are there.
        return [_lacking(tenant, missing, "and nobody knows which migrations it has had")]
    applied = set(MigrationRecorder(connection).migration_qs.values_list("app", "name"))
    if behind := _migrations() - applied:
        return [_behind(tenant, len(behind))]
    return [_lacking(tenant, missing, "though its migrations have run")] if missing else []


def _stray(name: str) -> Finding:
    sentence = f"The schema {name} belongs to no tenant."
    if schemas.may_drop(schema_name=name):
        return Finding(sentence, "drop it", lambda: _drop(name))
    return Finding(sentence, "have it dropped by the role that owns it")


def _schemaless(tenant: Tenant) -> Finding:
    return Finding(
        f"The tenant {tenant.slug} has no schema: {tenant.schema_name} is not there.",
        "delete what is left of the tenant, unless a backup can bring it back",
        lambda: close_tenant(tenant=tenant),
    )


def _sparse(spare: SpareSchema) -> Finding:
    return Finding(
        f"The spare schema {spare.schema_name} is not there.",
        "delete its row",
        lambda: spares.forget(schema_name=spare.schema_name),
    )


def _drop(name: str) -> None:
    """Drop the schema, unless it is a tenant's or a spare one after all."""
    with public_context(), transaction.atomic():
        if name not in owned_schemas():
            schemas.drop_schema(schema_name=name)


def _lacking(tenant: Tenant, missing: list[str], why: str) -> Finding:
    return Finding(
        f"The schema of {tenant.slug} lacks {', '.join(sorted(missing))}, {why}.",
        "restore it from a backup, or delete the tenant with delete_tenant",
    )


def _behind(tenant: Tenant, count: int) -> Finding:
    return Finding(
        f"The schema of {tenant.slug} is behind: {count} migrations were not run.",
        "run them",
        lambda: _migrate(tenant),
    )


def _migrate(tenant: Tenant) -> None:
    with public_context():
        schemas.migrate_schema(schema_name=tenant.schema_name)


def _labels() -> set[str]:
    return {a.label for a in apps.get_app_configs() if a.name in settings.TENANT_APPS}


def _tables() -> list[str]:
    """Return the tables that each tenant's schema has."""
    models = apps.get_models(include_auto_created=True)
    options = [model._meta for model in models]  # noqa: SLF001  # Its public name.
    own = {o.db_table for o in options if o.app_label in _labels() and o.managed and not o.proxy}
    return [*sorted(own), RECORDS]


def _migrations() -> set[tuple[str, str]]:
    """Return the migrations on disk that each tenant's schema has had."""
    on_disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    return {key for key, made in on_disk.items() if key[0] in _labels() and not made.replaces}
