"""The tenant and its domains."""

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):
    """A tenant whose schema is made and migrated when it is saved."""

    name = models.CharField(max_length=100)
    language = "en"
    is_open = True
    auto_create_schema = True

    def __str__(self) -> str:
        return self.name


class Domain(DomainMixin):
    """A host of a tenant."""
