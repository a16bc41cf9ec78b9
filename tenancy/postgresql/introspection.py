"""Introspection of the current schema alone, which leaves the search path unchanged."""

from typing import TYPE_CHECKING, Any

from django.db.backends.postgresql.introspection import DatabaseIntrospection, TableInfo

if TYPE_CHECKING:
    from tenancy.postgresql.base import DatabaseWrapper


# Django's query checks the visibility of each table in the database: one second with thousands of
# schemas. This one reads a single schema, and returns the same columns.
TABLES = """
    SELECT relname, CASE WHEN relispartition THEN 'p' WHEN relkind IN ('m', 'v') THEN 'v'
        ELSE 't' END, obj_description(pg_class.oid, 'pg_class')
    FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = current_schema() AND relkind IN ('f', 'm', 'p', 'r', 'v')
"""


class SchemaIntrospection(DatabaseIntrospection):
    """Django's introspection with the public schema off the search path."""

    connection: "DatabaseWrapper"

    def get_table_list(self, cursor: Any) -> Any:
        with self.connection.without_public():
            cursor.execute(TABLES)
            found = [TableInfo(*row) for row in cursor.fetchall()]
        return [table for table in found if table.name not in self.ignored_tables]

    def get_table_description(self, cursor: Any, table_name: str) -> Any:
        with self.connection.without_public():
            return super().get_table_description(cursor, table_name)

    def get_sequences(self, cursor: Any, table_name: str, table_fields: Any = ()) -> Any:
        with self.connection.without_public():
            return super().get_sequences(cursor, table_name, table_fields)

    def get_relations(self, cursor: Any, table_name: str) -> Any:
        with self.connection.without_public():
            return super().get_relations(cursor, table_name)

    def get_constraints(self, cursor: Any, table_name: str) -> Any:
        with self.connection.without_public():
            return super().get_constraints(cursor, table_name)
