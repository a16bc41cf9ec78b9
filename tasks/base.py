"""The base of our Celery tasks: bound to a schema when called, and held to it when run."""

from collections.abc import Callable
from typing import Any

from celery import Task
from django_tenants.utils import get_public_schema_name

from tasks.errors import TenantClosedError, TenantMissingError
from tasks.roles import DatabaseRole
from tasks.workspace import (
    Workspace,
    current_schema,
    load_workspace,
    public_context,
    schema_of,
    workspace_context,
)

Load = Callable[[str], Workspace]


class TenantTask(Task):  # type: ignore[type-arg]  # Generic in the stubs alone.
    """A task that runs in the schema of whoever called it.

    A missing, unknown or suspended tenant is refused, with `TenantMissingError`,
    `TenantUnknownError` or `TenantClosedError`. Public is a context like any other, for
    tasks that say `allow_public = True`; those that only clear away say `allow_suspended`.
    """

    abstract = True
    allow_public = False
    allow_suspended = False

    def apply_async(self, *args: Any, schema_name: str | None = None, **options: Any) -> Any:
        """Send the task, bound to `schema_name` or to the context of this very moment."""
        bound = schema_name or current_schema()
        headers = {**(options.pop("headers", None) or {}), "schema_name": bound}
        return super().apply_async(*args, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self.bound_context():
            return super().__call__(*args, **kwargs)

    def bound_context(self) -> Any:
        """Return the context of the schema that the message was bound to."""
        return self.context_of(schema_of(self))

    def context_of(self, schema_name: str, load: Load = load_workspace) -> Any:
        """Return the context of a schema, where this task may work in it."""
        if schema_name == get_public_schema_name():
            if not self.allow_public:
                raise TenantMissingError(f"{self.name} does not run in public.")
            return public_context(DatabaseRole.RELAY)
        workspace = load(schema_name)
        if not (workspace.is_open or self.allow_suspended):
            raise TenantClosedError(f"{schema_name} is suspended.")
        return workspace_context(workspace)


class PublicTask(Task):  # type: ignore[type-arg]  # Generic in the stubs alone.
    """A task about the shared tables alone, such as beat's."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with public_context(DatabaseRole.RELAY):
            return super().__call__(*args, **kwargs)
