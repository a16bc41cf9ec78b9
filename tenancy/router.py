"""Which tables a migration makes in the schema that it runs in."""

from typing import Any

from django.db import connections
from django_tenants.utils import get_public_schema_name

from tenancy.tables import is_tenant_row


class PlacementRouter:
    """Places the tables of a `TenantRow` in public alone; django-tenants' router places others.

    In a tenant's schema the migration of such a model changes the state of the models only. A
    RunPython or RunSQL of an app with tables in both says where it runs, by its hint `schema`:
    "public", "tenants" or "both".
    """

    def allow_migrate(
        self, db: str, _app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        model = hints.get("model")
        is_public = getattr(connections[db], "schema_name", None) == get_public_schema_name()
        if hints.get("schema") == ("tenants" if is_public else "public"):
            return False
        return False if model and not is_public and is_tenant_row(model) else None
