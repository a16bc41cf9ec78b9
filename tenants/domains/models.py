"""Hosts that lead to tenants."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin

from tenancy.shared_tables import EVERYTHING, OWN_TENANTS_ROWS, SharedTable
from tenants.domains.querysets import DomainQuerySet


class Domain(DomainMixin):
    """A host that leads to a tenant."""

    # The mixin's fields, with names that can be translated.
    domain = models.CharField(_("domain"), max_length=253, unique=True, db_index=True)
    is_primary = models.BooleanField(_("primary"), default=True, db_index=True)

    objects = DomainQuerySet.as_manager()
    shared_table = SharedTable(
        {
            "tenant": "SELECT",
            "visitor": "SELECT",
            # Saving a domain makes it the primary one.
            "signup": "SELECT, INSERT, UPDATE (is_primary)",
            "relay": "SELECT",
            "operator": EVERYTHING,
        },
        rows={"tenant": OWN_TENANTS_ROWS},
    )

    class Meta:
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        constraints = [
            models.UniqueConstraint(Lower("domain"), name="domain_unique_in_any_case"),
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(is_primary=True), name="domain_primary_once"
            ),
        ]

    def __str__(self) -> str:
        return self.domain

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.domain = self.domain.lower()
        super().save(*args, **kwargs)
