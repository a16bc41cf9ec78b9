"""Organisations: the tenants of the service."""

from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_tenants.models import TenantMixin

from accounts.users.names import NameField
from tenancy.context import public_context
from tenancy.models import new_schema_name
from tenancy.shared_tables import OWN_ROWS, SharedTable
from tenancy.time_zones import zone_named
from tenants.organisations.names import MAX_LENGTH
from tenants.organisations.querysets import TenantQuerySet


class Tenant(TenantMixin):
    """A customer's organisation, with a schema of its own."""

    # Only `tenancy.schemas` creates and drops schemas.
    auto_create_schema = False
    auto_drop_schema = False

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")

    schema_name = models.CharField(
        _("schema"), max_length=63, unique=True, default=new_schema_name, editable=False
    )
    name = NameField(_("name"))
    slug = models.CharField(_("subdomain"), max_length=MAX_LENGTH)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default="en"
    )
    # The name of the zone in which schedules run (`tasks.schedules`).
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", db_default="UTC")
    terms_version = models.CharField(_("terms accepted"), max_length=20, blank=True)
    # The rendering of the sign-up form that opened the tenant: the same POST returns the tenant.
    idempotency_key = models.UUIDField(null=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    suspended_at = models.DateTimeField(_("suspended"), null=True, editable=False)
    # When an owner first confirmed an address; `tenants.lifecycle.unverified` handles the others.
    verified_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    deletion_due_at = models.DateTimeField(_("ends, unless confirmed"), null=True, editable=False)
    # A keyed hash, kept until an owner confirms an address.
    opened_from = models.CharField(max_length=64, blank=True, editable=False)
    # What migrations have made of the schema (`tenancy.revisions`). Empty: unknown. The
    # database has the default, as a release without the column opens tenants, too.
    revision = models.CharField(
        _("revision"), max_length=40, blank=True, default="", db_default="", editable=False
    )

    # Operators want the schema migrated first, as those in CANARY_TENANTS.
    is_canary = models.BooleanField(_("canary"), default=False, db_default=False, editable=False)

    objects = TenantQuerySet.as_manager()
    # Set below the class, as it names the columns.
    shared_table: ClassVar[SharedTable]

    class Meta:
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")
        constraints = [
            models.UniqueConstraint(Lower("slug"), name="tenant_slug_unique"),
            models.CheckConstraint(
                condition=Q(status__in=("active", "suspended")), name="tenant_status_known"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="tenant_newest"),
            models.Index(
                fields=["created_at"], name="tenant_unverified", condition=Q(verified_at=None)
            ),
            models.Index(
                fields=["opened_from"], name="tenant_opened_from", condition=Q(verified_at=None)
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save all fields but the revision, which the code that changes the schema writes."""
        if not self._state.adding and kwargs.get("update_fields") is None:
            left_out = {"id", "revision", *self.get_deferred_fields()}
            fields = (field.attname for field in self._meta.concrete_fields)
            kwargs["update_fields"] = [name for name in fields if name not in left_out]
        super().save(*args, **kwargs)

    def _check_schema_name_is_unique(self) -> None:
        """Leave it to the unique constraint: names differ in more than their case here.

        The mixin's query reads all tenants, each time that one is opened.
        """

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def zone(self) -> ZoneInfo:
        """The time zone; UTC where this machine doesn't know it."""
        return zone_named(self.time_zone)

    @property
    def host(self) -> str:
        """The host below the base domain, which each tenant has."""
        return host_of(self.slug)

    @cached_property
    def primary_host(self) -> str:
        """The host in links, from the primary domain's row."""
        with public_context():
            # All domains: a list has prefetched them.
            primary = (each.domain for each in self.domains.all() if each.is_primary)
            return str(next(primary, self.host))

    @property
    def origin(self) -> str:
        """Scheme, host and port of links."""
        return f"{settings.BASE_SCHEME}://{self.primary_host}{settings.BASE_PORT}"


# Written when an owner confirms an address, or is asked to.
_VERIFICATION = "verified_at, deletion_due_at, opened_from"
# The transaction that creates or migrates the schema writes the revision.
_OPERATED = ", ".join(
    field.column
    for field in Tenant._meta.concrete_fields  # noqa: SLF001  # Django documents it so.
    if field.column != "revision"
)
Tenant.shared_table = SharedTable(
    {
        "tenant": f"SELECT, UPDATE (name, language, time_zone, {_VERIFICATION})",
        "visitor": "SELECT",
        "signup": f"SELECT, INSERT, UPDATE ({_VERIFICATION})",
        "relay": "SELECT",
        "operator": f"SELECT, INSERT, DELETE, UPDATE ({_OPERATED})",
    },
    rows={"tenant": OWN_ROWS},
)


def host_of(slug: str) -> str:
    """Return the host of a subdomain."""
    return f"{slug}.{settings.BASE_DOMAIN}"
