# ruff: noqa: DJ008
from django.db import models

from tenancy.shared_tables import SharedTable


class Undeclared(models.Model):
    class Meta:
        app_label = "faulty"


class Misdeclared(models.Model):
    shared_table = SharedTable({"auditor": "SELECT"})

    class Meta:
        app_label = "faulty"
