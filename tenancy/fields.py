"""The field that makes one table of public hold the rows of all tenants."""

from typing import Any

from django.db import models

from tenancy.context import current_schema


class SchemaNameField(models.CharField):  # type: ignore[type-arg]  # Generic in the stubs alone.
    """The schema of the tenant that a row belongs to; by default, the context's.

    A model with this field has its table in public alone, whatever app it is in. Migrations know
    models by their fields: so the rule also holds for models that a later migration deletes.
    Saving raises `TenantMissingError` outside a context.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        defaults = {"max_length": 63, "default": current_schema, "editable": False}
        super().__init__(*args, **{**defaults, **options})
