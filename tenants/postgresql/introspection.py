"""Introspection that sees the current schema alone, and leaves no search path behind."""

from typing import TYPE_CHECKING, Any

from django.db.backends.postgresql.introspection import DatabaseIntrospection

if TYPE_CHECKING:
    from tenants.postgresql.base import DatabaseWrapper


class SchemaIntrospection(DatabaseIntrospection):
    """Django's own, asked with the public schema off the search path."""

    connection: "DatabaseWrapper"

    def get_table_list(self, cursor: Any) -> Any:
        with self.connection.without_public():
            return super().get_table_list(cursor)

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
