"""The current tenant, for code that must not import the `tenants` app."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from zoneinfo import ZoneInfo

from django.db import connection
from django_tenants.utils import get_public_schema_name, get_tenant_model

from tenancy.errors import TenantMissingError, TenantUnknownError
from tenancy.roles import VISITOR, DatabaseRole


class Workspace(Protocol):
    """What a page or an e-mail may say about the tenant it belongs to."""

    schema_name: str
    name: str
    language: str

    @property
    def origin(self) -> str:
        """Scheme, host and port of the primary domain: `https://acme.example.com`."""

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone, in which its schedules run."""

    @property
    def is_open(self) -> bool:
        """Whether its members may work: false while it is suspended."""


@dataclass(frozen=True)
class Shared:
    """Takes the tenant's place on the connection while code works in the shared tables."""

    role: DatabaseRole
    schema_name: str = field(default_factory=get_public_schema_name)


def public_context(role: DatabaseRole | None = None) -> AbstractContextManager[None]:
    """Work in the shared tables for the block. The only way to the public schema.

    Without a `role`, keeps the role of an enclosing public context, or else uses `VISITOR`.
    """
    present = _connection().tenant
    inherited = present.role if isinstance(present, Shared) else VISITOR
    return _working_in(Shared(role or inherited))


@contextmanager
def database_role(
    role: DatabaseRole, within: AbstractContextManager[None] | None = None
) -> Iterator[None]:
    """Work as one role in every schema of the block; `within` is a context to enter first.

    For transactions across schemas: opening a tenant, migrating.
    """
    with _connection().database_role(role), within or nullcontext():
        yield


def workspace_context(workspace: Workspace) -> AbstractContextManager[None]:
    """Work in the workspace's schema for the block."""
    return _working_in(workspace)


def _working_in(tenant: Workspace | Shared) -> AbstractContextManager[None]:
    """Do the same as `tenant_context`, which looks up this thread's connection four times."""
    return cast("AbstractContextManager[None]", _connection().working_in(tenant))


def current_schema() -> str:
    """Return the schema of the context. Raises `TenantMissingError` outside any."""
    schema_name: str | None = _connection().schema_name
    if not schema_name:
        raise TenantMissingError("There is no tenant here.")
    return schema_name


def is_public() -> bool:
    """Whether the context is the shared one: operators work there, members don't."""
    return bool(current_schema() == get_public_schema_name())


def load_workspace(schema_name: str) -> Workspace:
    """Load the tenant of a schema. Raises `TenantUnknownError` when there is none."""
    model = get_tenant_model()
    with public_context():
        try:
            return cast("Workspace", model.objects.get(schema_name=schema_name))
        except model.DoesNotExist:
            raise TenantUnknownError(f"No tenant has the schema {schema_name}.") from None


def load_workspaces(schema_names: Iterable[str]) -> dict[str, Workspace]:
    """Load the tenants of some schemas with their hosts, by schema. Skips unknown schemas."""
    with public_context():
        found = get_tenant_model().objects.filter(schema_name__in=schema_names)
        return {each.schema_name: each for each in found.prefetch_related("domains")}


def current_workspace() -> Workspace:
    """Return the complete tenant of the context.

    `schema_context` sets a stand-in without a name on the connection: then the row is loaded.
    Raises `TenantMissingError` in public and outside any context.
    """
    if is_public():
        raise TenantMissingError("The public schema belongs to no tenant.")
    tenant = _connection().tenant
    if isinstance(tenant, get_tenant_model()):
        return cast("Workspace", tenant)
    return load_workspace(current_schema())


def _connection() -> Any:
    """Return this thread's connection as Any: Django's types don't know its `tenant`."""
    return connection


def cache_key(key: str, key_prefix: str, version: int) -> str:
    """Prefix a cache key with its schema (the `KEY_FUNCTION` of `CACHES`).

    Raises `TenantMissingError` outside any context.
    """
    return f"{current_schema()}:{key_prefix}:{version}:{key}"


def schema_of(task: Any) -> str:
    """Return the schema that a Celery task's message is bound to.

    Raises `TenantMissingError` when it is bound to none.
    """
    headers: dict[str, Any] = task.request.headers or {}
    schema_name = headers.get("schema_name")
    if not schema_name:
        raise TenantMissingError(f"{task.name} came without a tenant.")
    return str(schema_name)
