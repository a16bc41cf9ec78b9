"""The field that makes one table of public hold the rows of all tenants."""

from typing import Any

from django.db import models
from django_tenants.utils import get_public_schema_name

from tenancy.context import current_schema
from tenancy.errors import TenantMissingError


class SchemaNameField(models.CharField):  # type: ignore[type-arg]  # Generic in the stubs alone.
    """The schema of the tenant that a row belongs to; by default, the context's.

    A model with this field has its table in public alone, whatever app it is in. Migrations know
    models by their fields: so the rule also holds for models that a later migration deletes.
    Saving raises `TenantMissingError` outside a context, and for the schema public unless
    `allows_public`: such a row would belong to no tenant.
    """

    def __init__(self, *args: Any, allows_public: bool = False, **options: Any) -> None:
        self.allows_public = allows_public
        defaults = {"max_length": 63, "default": current_schema, "editable": False}
        super().__init__(*args, **{**defaults, **options})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        if self.allows_public:
            options["allows_public"] = True
        return name, path, args, options

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if value == get_public_schema_name() and not self.allows_public:
            raise TenantMissingError("This row needs a tenant's context, or its schema_name.")
        return value
