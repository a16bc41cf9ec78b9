"""Subdomains of deleted tenants."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenancy.shared_tables import EVERYTHING, SharedTable
from tenants.lifecycle.querysets import QuarantinedSubdomainQuerySet
from tenants.organisations.names import MAX_LENGTH


class QuarantinedSubdomain(models.Model):
    """A deleted tenant's subdomain: its old links must not lead to another tenant."""

    slug = models.CharField(_("subdomain"), max_length=MAX_LENGTH, primary_key=True)
    until = models.DateTimeField(_("reserved until"))

    objects = QuarantinedSubdomainQuerySet.as_manager()
    shared_table = SharedTable({"visitor": "SELECT", "signup": "SELECT", "operator": EVERYTHING})

    class Meta:
        verbose_name = _("quarantined subdomain")
        verbose_name_plural = _("quarantined subdomains")

    def __str__(self) -> str:
        return self.slug
