"""Users: members of a tenant, or in public operators."""

import uuid
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models, router, transaction
from django.db.models import Q
from django.db.models.functions import Lower, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.users.names import NameField, display
from accounts.users.querysets import Opening, UserManager
from tasks.addresses import AddressField
from tenancy.time_zones import zone_named

# Qualified: a tenant's tables are created with only their own schema on the search path.
TRIGRAMS = "public.gin_trgm_ops"


class Role(models.TextChoices):
    """A member's rights in the tenant."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")


class User(AbstractBaseUser, PermissionsMixin):
    """An account that signs in by e-mail: a tenant's member, or in public an operator."""

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = AddressField(_("e-mail address"), max_length=254)
    full_name = NameField(_("full name"))
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default="en"
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.MEMBER)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("operator"), default=False)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)

    objects = UserManager()

    # How `post_save` opens the profile; the code that creates a user may set another.
    opening: Opening = Opening()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            # Addresses are stored in one form: no other spelling is another user.
            models.UniqueConstraint(fields=["email"], name="user_email_unique"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_known"),
        ]
        indexes = [
            models.Index(Lower("full_name"), "id", name="user_by_name"),
            models.Index(fields=["-joined_at", "id"], name="user_by_joining"),
            # As `icontains` queries. A pending list would slow each search until a vacuum.
            GinIndex(
                OpClass(Upper("full_name"), name=TRIGRAMS),
                OpClass(Upper("email"), name=TRIGRAMS),
                name="user_by_words",
                fastupdate=False,
            ),
            # No index on `last_login`: each sign-in would write to all indexes.
        ]

    def __str__(self) -> str:
        return display(self)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the user and the receivers' rows in one transaction.

        Django sends `post_save` after its own transaction has ended: without this one, and
        without the caller's, a failing profile would leave the user behind. Within one, it adds
        no savepoint: like any failed save, it ends the caller's transaction.
        """
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using, savepoint=False):
            super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return str(self.full_name)

    def get_short_name(self) -> str:
        return str(self.full_name.split(" ")[0] if self.full_name else self.email)

    @property
    def is_verified(self) -> bool:
        """Whether the user's sign-in address is confirmed. Queries the database."""
        # All addresses, which are few: frequent callers have prefetched them.
        addresses = self.emailaddress_set.all()  # type: ignore[attr-defined]  # allauth's, untyped.
        return any(each.primary and each.verified for each in addresses)

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER

    @property
    def zone(self) -> ZoneInfo:
        """The user's time zone; UTC where this machine doesn't know it."""
        return zone_named(self.time_zone)
