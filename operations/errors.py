"""Refusals of operators' services."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from tenants.organisations.errors import TenantError

if TYPE_CHECKING:
    pass


class OperatorExistsError(TenantError):
    """An operator with this address exists already."""

    sentence = _("This address already belongs to an operator.")
