"""The directory of addresses and their schemas."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenancy.fields import SchemaNameField
from tenancy.shared_tables import EVERYTHING, SharedTable
from tenants.directory.querysets import DirectoryQuerySet


class DirectoryEntry(models.Model):
    """An address that signs in to a schema, stored as a keyed hash only."""

    id = models.BigAutoField(primary_key=True)
    schema_name = SchemaNameField(_("schema"))
    user_id = models.UUIDField(_("person"))
    address_hash = models.CharField(_("address"), max_length=64)

    objects = DirectoryQuerySet.as_manager()
    shared_table = SharedTable(
        {
            "tenant": EVERYTHING,
            "visitor": "SELECT",
            "signup": "SELECT, INSERT, UPDATE",
            "operator": EVERYTHING,
        }
    )

    class Meta:
        verbose_name = _("directory entry")
        verbose_name_plural = _("directory")
        constraints = [
            models.UniqueConstraint(fields=["schema_name", "user_id"], name="directory_user_once")
        ]
        indexes = [models.Index(fields=["address_hash"], name="directory_by_address")]

    def __str__(self) -> str:
        return f"{self.schema_name}:{self.user_id}"
