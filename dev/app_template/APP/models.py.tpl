"""${Title}, in each tenant's schema."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenancy.models import TenantModel


class ${Model}(TenantModel):
    """A ${name} of one tenant, which all its members see."""

    name = models.CharField(_("name"), max_length=120)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["-added_at"], name="${short}_newest")]

    def __str__(self) -> str:
        return self.name
