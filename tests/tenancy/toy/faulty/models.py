# ruff: noqa: DJ008
from django.db import models

from tenancy.files import TenantFileField
from tenancy.models import TenantRow
from tenancy.shared_tables import SharedTable


class Undeclared(models.Model):
    class Meta:
        app_label = "faulty"


class Misdeclared(models.Model):
    shared_table = SharedTable({"auditor": "SELECT"})

    class Meta:
        app_label = "faulty"


class Referring(TenantRow):
    note = models.ForeignKey("notes.Note", models.CASCADE)

    class Meta:
        app_label = "faulty"


class Upload(TenantRow):
    elsewhere = models.FileField()
    unlimited = TenantFileField()

    class Meta:
        app_label = "faulty"
