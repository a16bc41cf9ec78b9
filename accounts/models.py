"""Users and their profiles, invitations, handoffs, in a tenant's schema or in public."""

import uuid
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models, router, transaction
from django.db.models import Q
from django.db.models.functions import Lower, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from phonenumber_field.modelfields import PhoneNumberField

from accounts.names import MAX_NAME, display, validate_display_name
from accounts.pictures import picture_path
from accounts.querysets import InvitationQuerySet, Opening, UserManager

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
    email = models.EmailField(_("e-mail address"), max_length=254)
    full_name = models.CharField(
        _("full name"), max_length=MAX_NAME, validators=[validate_display_name]
    )
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
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
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
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name.split(" ")[0] if self.full_name else self.email

    @property
    def can_administer(self) -> bool:
        """Whether this user may open the console."""
        return self.is_active and self.role in {Role.OWNER, Role.ADMIN}

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
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")


class Profile(models.Model):
    """What users state about themselves. Opened by the `post_save` receiver."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="profile"
    )
    phone_number = PhoneNumberField(_("phone number"), max_length=16, blank=True)
    job_title = models.CharField(_("job title"), max_length=80, blank=True)
    address_line_1 = models.CharField(_("address"), max_length=120, blank=True)
    address_line_2 = models.CharField(_("address, second line"), max_length=120, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=16, blank=True)
    locality = models.CharField(_("city"), max_length=80, blank=True)
    region = models.CharField(_("state or province"), max_length=80, blank=True)
    country = CountryField(_("country"), blank=True)
    picture = models.ImageField(_("picture"), upload_to=picture_path, max_length=120, blank=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        return str(self.user)


class Invitation(models.Model):
    """An address that may join, with a role, until it expires. Its token is stored hashed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.MEMBER)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="invitations"
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("sent"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="invitation_open_once",
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_open(self) -> bool:
        """Whether it is neither accepted nor revoked; it may have expired, and can be resent."""
        return self.accepted_at is None and self.revoked_at is None

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


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
