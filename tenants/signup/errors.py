"""Refusals of sign-up."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from tenants.organisations.errors import TenantError

if TYPE_CHECKING:
    pass


class NameTakenError(TenantError):
    """Another tenant has the name, perhaps since a moment ago."""

    sentence = _("This address is taken. Choose another one.")
