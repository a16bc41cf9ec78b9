"""Introspection that sees the current schema alone, and leaves no search path behind."""

from typing import TYPE_CHECKING, Any

from django.db.backends.postgresql.introspection import DatabaseIntrospection, TableInfo

if TYPE_CHECKING:
    from tenants.postgresql.base import DatabaseWrapper


# Django asks of each table in the database whether it is visible: a second, among thousands of
# schemas. This asks for one schema's, in Django's form.
TABLES = """
    SELECT relname, CASE WHEN relispartition THEN 'p' WHEN relkind IN ('m', 'v') THEN 'v'
        ELSE 't' END, obj_description(pg_class.oid, 'pg_class')
    FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = current_schema() AND relkind IN ('f', 'm', 'p', 'r', 'v')
"""


class SchemaIntrospection(DatabaseIntrospection):
    """Django's own, asked with the public schema off the search path."""

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
