"""What each of the toy's tenants has in its schema, and in the table of all tenants."""

from django.db import models

from tenancy.models import TenantModel, TenantRow


class Note(TenantModel):
    text = models.TextField()
    is_done = models.BooleanField(default=False)

    def __str__(self):
        return self.text


class Stamp(TenantRow):
    text = models.TextField()
    is_done = models.BooleanField(default=False)

    def __str__(self):
        return self.text
