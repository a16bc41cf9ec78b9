"""What a model of the shared tables declares: the privileges of each role, and its rows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
# In public `current_schema()` is no tenant's. Nor is it where a tenant's schema is gone, as
# PostgreSQL skips missing schemas of the search path.
_HERE = "(SELECT current_schema()::text)"
# The rows with the context's schema in `schema_name`.
OWN_ROWS = f"schema_name = {_HERE} AND {_HERE} <> '{{public}}'"
# The rows with the context's tenant in `tenant_id`.
OWN_TENANTS_ROWS = f"tenant_id IN (SELECT id FROM {{public}}.{{tenants}} WHERE {OWN_ROWS})"  # noqa: S608  # nosec B608  # Contains no value.

Rows = str | Callable[[], str]


@dataclass(frozen=True)
class SharedTable:
    """The value of a model's `shared_table`.

    `privileges` are PostgreSQL's, by the role's name; columns may follow one, and a role that isn't
    named has none. `rows` is a condition by the role's name, in which `{public}` is the shared
    schema and `{tenants}` the table of TENANT_MODEL, or a function that returns it once all apps
    are loaded; a role that isn't named sees and writes all rows. In the table of a model with a
    `SchemaNameField`, roles that work for one tenant have its rows alone: `rows` can only narrow
    them.
    """

    privileges: Mapping[str, str]
    rows: Mapping[str, Rows] = field(default_factory=dict)

    def limited_to_own_rows(self, roles: Iterable[str]) -> Self:
        """Return the declaration in which these roles have no other tenant's rows."""
        return replace(
            self, rows={**self.rows, **{role: _own(self.rows.get(role)) for role in roles}}
        )


def _own(rows: Rows | None) -> Rows:
    if callable(rows):
        return lambda: f"{OWN_ROWS} AND ({rows()})"
    return f"{OWN_ROWS} AND ({rows})" if rows else OWN_ROWS
