"""The database roles: what one transaction may touch.

Each stands for `<login>_<role>` in the cluster, with the login of DATABASE_URL. The login itself
may read nothing: it may only SET ROLE to one of these. The engine defines three; an app defines its
own in a module called `roles`.
"""

from functools import cache
from typing import ClassVar, Self

from django.utils.module_loading import autodiscover_modules


class DatabaseRole(str):
    """A role, by its name. `tenancy.privileges` collects what each may do.

    `serves_requests`: requests of visitors and members run as it. `creates_schemas`: it may create
    schemas, and owns those it creates. `runs_tasks`: tasks about the shared tables run as it.
    `operates`: it has all privileges on those tables of public that declare none. Raises
    `ValueError` for a name that is defined twice.
    """

    __slots__ = ("creates_schemas", "operates", "runs_tasks", "serves_requests")

    defined: ClassVar[dict[str, "DatabaseRole"]] = {}
    serves_requests: bool
    creates_schemas: bool
    runs_tasks: bool
    operates: bool

    def __new__(
        cls,
        name: str,
        *,
        serves_requests: bool = False,
        creates_schemas: bool = False,
        runs_tasks: bool = False,
        operates: bool = False,
    ) -> Self:
        if name in cls.defined:
            raise ValueError(f"The database role {name!r} is defined twice.")
        role = super().__new__(cls, name)
        cls.defined[name] = role
        role.serves_requests = serves_requests
        role.creates_schemas = creates_schemas
        role.runs_tasks = runs_tasks
        role.operates = operates
        return role


# For members, in their tenant's schema; in the shared tables only the tenant's own rows.
TENANT = DatabaseRole("tenant", serves_requests=True)
# For an unknown visitor: reads the hosts, and which tenants an address can sign in to.
VISITOR = DatabaseRole("visitor", serves_requests=True)
# Owns the shared tables, and changes the tables of every schema.
MIGRATOR = DatabaseRole("migrator")


@cache
def all_roles() -> tuple[DatabaseRole, ...]:
    """Return the roles of every installed app."""
    # Once: Python looks on the disk for each app's module that isn't there, at every call.
    autodiscover_modules("roles")
    return tuple(DatabaseRole.defined.values())


def operator() -> DatabaseRole:
    """Return the role of operators; VISITOR where no app defines one."""
    return next((role for role in all_roles() if role.operates), VISITOR)


def schema_creator() -> DatabaseRole:
    """Return the role that creates schemas; MIGRATOR where no app defines one."""
    return next((role for role in all_roles() if role.creates_schemas), MIGRATOR)


def task_runner() -> DatabaseRole:
    """Return the role of tasks about the shared tables; VISITOR where no app defines one."""
    return next((role for role in all_roles() if role.runs_tasks), VISITOR)
