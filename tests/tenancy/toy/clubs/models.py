"""The toy's tenants, and their hosts."""

from django.db import models
from django.utils import timezone
from django_tenants.models import DomainMixin, TenantMixin

from tenancy.models import new_schema_name
from tenancy.shared_tables import OWN_ROWS, OWN_TENANTS_ROWS, SharedTable


class ClubQuerySet(models.QuerySet):
    def canaries(self):
        return self.none()


class Club(TenantMixin):
    auto_create_schema = False
    schema_name = models.CharField(max_length=63, unique=True, default=new_schema_name)
    slug = models.SlugField(unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    revision = models.CharField(max_length=40, default="")

    objects = ClubQuerySet.as_manager()
    shared_table = SharedTable({"tenant": "SELECT", "visitor": "SELECT"}, rows={"tenant": OWN_ROWS})


class Domain(DomainMixin):
    shared_table = SharedTable(
        {"tenant": "SELECT", "visitor": "SELECT"}, rows={"tenant": OWN_TENANTS_ROWS}
    )
