"""What a model of the shared tables declares: the privileges of each role, and its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
# In public `current_schema()` is no tenant's. Nor is it where a tenant's schema is gone, as
# PostgreSQL skips missing schemas of the search path.
_HERE = "(SELECT current_schema()::text)"
# The rows with the context's schema in `schema_name`.
OWN_ROWS = f"schema_name = {_HERE} AND {_HERE} <> '{{public}}'"
# The rows with the context's tenant in `tenant_id`.
OWN_TENANTS_ROWS = f"tenant_id IN (SELECT id FROM {{public}}.{{tenants}} WHERE {OWN_ROWS})"  # noqa: S608  # nosec B608  # Contains no value.


@dataclass(frozen=True)
class SharedTable:
    """The value of a model's `shared_table`.

    `privileges` are PostgreSQL's, by the role's name; columns may follow one, and a role that isn't
    named has none. `rows` is a condition by the role's name, in which `{public}` is the shared
    schema and `{tenants}` the table of TENANT_MODEL, or a function that returns it once all apps
    are loaded; a role that isn't named sees and writes all rows.
    """

    privileges: Mapping[str, str]
    rows: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)
