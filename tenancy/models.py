"""Base classes of models, snapshots of new schemas, and the pool of schemas made from them.

`tenancy.privileges` declares the privileges on the latter two: apps define the roles that use them.
"""

import secrets
import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenancy.fields import SchemaNameField
from tenancy.querysets import PooledSchemaQuerySet


class TenantModel(models.Model):
    """A model with a table in each tenant's schema, and a UUID as its key.

    Queries see the rows of the context's tenant alone, and raise without a context. Its app stands
    in SHARED_APPS and in TENANT_APPS. Foreign keys lead to other models of tenants' schemas.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class TenantRow(models.Model):
    """A model with one table in public, whose rows each belong to a tenant.

    For what is read across tenants: by visitors, operators and jobs. Members see and write their
    own tenant's rows, as a row policy of the database holds; operators and tasks about the shared
    tables read all of them. A class may declare other privileges in `shared_table`; its `rows` may
    narrow what a role sees, and never widen it to another tenant's. Rows are deleted with their
    tenant. PostgreSQL checks keys and unique values past the policies, so a row refers to no other
    row of a tenant, and what is unique includes `schema_name`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    schema_name = SchemaNameField(_("schema"), db_index=True)

    class Meta:
        abstract = True


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
        indexes = [models.Index(fields=["digest", "created_at"], name="pooled_schema_oldest")]

    def __str__(self) -> str:
        return self.schema_name
