"""Schemas and tenants: each tenant has one schema, with all its tables."""

from functools import partial

from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from operations.doctor.findings import Finding
from operations.doctor.reading import unmatched
from tenancy import schema_pool, schemas, tables
from tenancy.context import public_context
from tenancy.models import PooledSchema
from tenants.lifecycle.deletion import delete_tenant
from tenants.models import Tenant
from tenants.roles import OPERATOR


def owned_schemas() -> set[str]:
    """Return the schemas that rows name: the tenants' and the pooled ones.

    In one statement: between two, a sign-up could claim a pooled schema, which neither returns.
    """
    tenants = Tenant.objects.order_by().values_list("schema_name", flat=True)
    with public_context(OPERATOR):
        return set(tenants.union(PooledSchema.objects.values_list("schema_name", flat=True)))


def schemas_without_tenant() -> list[Finding]:
    """Schemas that no row names, nor a sign-up in flight: it commits schema and tenant together."""
    unowned, _missing = unmatched(schemas.tenant_schemas, owned_schemas)
    return [
        Finding(f"The schema {name} belongs to no tenant.", "drop it", partial(_drop, name))
        if schemas.may_drop(schema_name=name)
        else Finding(
            f"The schema {name} belongs to no tenant.", "have it dropped by the role that owns it"
        )
        for name in sorted(unowned)
    ]


def tenants_without_schema() -> list[Finding]:
    _unowned, missing = unmatched(schemas.tenant_schemas, owned_schemas)
    with public_context():
        tenants = list(Tenant.objects.filter(schema_name__in=missing).order_by("slug"))
    return [
        Finding(
            f"The tenant {tenant.slug} has no schema: {tenant.schema_name} is not there.",
            "delete what is left of the tenant, unless a backup can bring it back",
            partial(delete_tenant, tenant=tenant),
        )
        for tenant in tenants
    ]


def pooled_without_schema() -> list[Finding]:
    """Pool rows without a schema: a sign-up that claims one fails. Both are deleted together."""
    _unowned, missing = unmatched(schemas.tenant_schemas, owned_schemas)
    with public_context(OPERATOR):
        rows = PooledSchema.objects.filter(schema_name__in=missing).order_by("schema_name")
        names = list(rows.values_list("schema_name", flat=True))
    return [
        Finding(
            f"The pooled schema {name} is not there.",
            "delete its row",
            partial(schema_pool.forget, schema_name=name),
        )
        for name in names
    ]


def incomplete(tenant: Tenant) -> list[Finding]:
    """Missing tables or migrations of the tenant's schema. Called in its context."""
    wanted = [*sorted(tables.tenant_tables()), tables.MIGRATIONS]
    missing = schemas.missing_tables(schema_name=tenant.schema_name, tables=wanted)
    if tables.MIGRATIONS in missing:
        # The applied migrations are unknown: running all would collide with existing tables.
        return [_lacking(tenant, missing, "and its applied migrations are unknown")]
    if behind := _migrations() - _applied():
        sentence = f"The schema of {tenant.slug} is behind: {len(behind)} migrations were not run."
        return [Finding(sentence, "run them", partial(_migrate, tenant))]
    return [_lacking(tenant, missing, "though its migrations have run")] if missing else []


def unknown_migrations() -> set[tuple[str, str]]:
    """Return the migrations of the context's schema that this release of the code lacks."""
    on_disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    return {key for key in _applied() - set(on_disk) if key[0] in tables.tenant_labels()}


def _drop(name: str) -> None:
    """Drop the schema, unless it belongs to a tenant or the pool by now."""
    with public_context(), transaction.atomic():
        if name not in owned_schemas():
            schemas.drop_schema(schema_name=name)


def _lacking(tenant: Tenant, missing: list[str], why: str) -> Finding:
    return Finding(
        f"The schema of {tenant.slug} lacks {', '.join(sorted(missing))}, {why}.",
        "restore it from a backup, or delete the tenant with delete_tenant",
    )


def _migrate(tenant: Tenant) -> None:
    with public_context():
        schemas.migrate_schema(schema_name=tenant.schema_name)


def _applied() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).migration_qs.values_list("app", "name"))


def _migrations() -> set[tuple[str, str]]:
    """Return the migrations on disk that each tenant's schema must have applied."""
    on_disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    return {
        key
        for key, made in on_disk.items()
        if key[0] in tables.tenant_labels() and not made.replaces
    }
