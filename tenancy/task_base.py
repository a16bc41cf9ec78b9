"""The base of our Celery tasks: bound to a schema when called, and run in that schema."""

from collections.abc import Callable
from typing import Any

from celery import Task
from django_tenants.utils import get_public_schema_name

from tenancy.context import (
    Workspace,
    current_schema,
    load_workspace,
    public_context,
    schema_of,
    workspace_context,
)
from tenancy.errors import TenantMissingError, TenantSuspendedError
from tenancy.roles import task_runner

Load = Callable[[str], Workspace]


class TenantTask(Task):  # type: ignore[type-arg]  # Generic in the stubs alone.
    """A task that runs in the schema of its caller.

    Raises `TenantMissingError`, `TenantUnknownError` or `TenantSuspendedError` for a missing,
    unknown or suspended tenant. Tasks with `allow_public = True` may run in public; tasks with
    `allow_suspended = True`, which only clean up, for suspended tenants.
    """

    abstract = True
    allow_public = False
    allow_suspended = False

    def apply_async(self, *args: Any, schema_name: str | None = None, **options: Any) -> Any:
        """Send the task, bound to `schema_name` or to the context at the time of the call."""
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
        """Return the context of a schema. Raises `TenantMissingError` or `TenantSuspendedError`."""
        if schema_name == get_public_schema_name():
            if not self.allow_public:
                raise TenantMissingError(f"{self.name} does not run in public.")
            return public_context(task_runner())
        workspace = load(schema_name)
        if not (workspace.is_open or self.allow_suspended):
            raise TenantSuspendedError(f"{schema_name} is suspended.")
        return workspace_context(workspace)


class PublicTask(Task):  # type: ignore[type-arg]  # Generic in the stubs alone.
    """A task about the shared tables alone, such as beat's."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with public_context(task_runner()):
            return super().__call__(*args, **kwargs)
