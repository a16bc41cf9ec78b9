"""Notes, in each tenant's schema, and how many each tenant has, in a table of all tenants."""

from django.conf import settings
from django.core.validators import FileExtensionValidator
from django.db import models

from tenancy.files import TenantFileField
from tenancy.models import TenantModel, TenantRow
from tenancy.shared_tables import EVERYTHING, SharedTable


class Note(TenantModel):
    """A note of one member, which all members see."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    text = models.CharField(max_length=200)
    attachment = TenantFileField(
        max_bytes=5 * 1024 * 1024, validators=[FileExtensionValidator(["pdf", "txt"])], blank=True
    )

    def __str__(self):
        return self.text


class NotHidden(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(is_hidden=False)


class Page(TenantRow):
    """A page of a tenant that visitors may read. Its declaration names no rows."""

    title = models.CharField(max_length=50)
    is_hidden = models.BooleanField(default=False)
    picture = TenantFileField(max_bytes=1024 * 1024, blank=True)

    objects = NotHidden()
    shared_table = SharedTable({"tenant": EVERYTHING, "visitor": "SELECT", "operator": "SELECT"})

    class Meta:
        base_manager_name = "objects"


class FrontPage(Page):
    """The same rows."""

    class Meta:
        proxy = True


class Usage(TenantRow):
    """How many notes a tenant has written, for operators."""

    notes = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["schema_name"], name="notes_usage_once")]
