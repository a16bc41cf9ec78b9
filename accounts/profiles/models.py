"""Profiles: what users state about themselves."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from phonenumber_field.modelfields import PhoneNumberField

from tenancy.files import TenantFileField


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
    picture = TenantFileField(_("picture"), max_bytes=settings.PICTURE_MAX_BYTES, blank=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        return str(self.user)
