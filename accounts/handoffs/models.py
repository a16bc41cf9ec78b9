"""Handoffs: single-use sign-ins on the tenant's host."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Handoff(models.Model):
    """A single-use sign-in on the tenant's host, for the owner after sign-up."""

    token_hash = models.CharField(primary_key=True, max_length=64, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("handoff")
        verbose_name_plural = _("handoffs")

    def __str__(self) -> str:
        return str(self.pk)
