"""Snapshots of what migrations make of a schema, and the pool of schemas made from them.

`tenancy.privileges` declares the privileges on both: apps define the roles that use them.
"""

import secrets

from django.db import models
from django.utils import timezone

from tenancy.querysets import PooledSchemaQuerySet


def new_schema_name() -> str:
    """Return an opaque name: renaming a tenant renames no schema."""
    return f"t_{secrets.token_hex(8)}"


class SchemaSnapshot(models.Model):
    """The statements that create a new tenant's schema, for one release of the code."""

    digest = models.CharField(max_length=64, primary_key=True)
    statements = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    # The last deployment. Of two running releases, the later one's pooled schemas are kept.
    deployed_at = models.DateTimeField(default=timezone.now)
    filled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.digest


class PooledSchema(models.Model):
    """A schema that is ready for the next tenant. Claiming it deletes the row."""

    schema_name = models.CharField(max_length=63, primary_key=True, default=new_schema_name)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    objects = PooledSchemaQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["digest", "created_at"], name="spare_in_turn")]

    def __str__(self) -> str:
        return self.schema_name
