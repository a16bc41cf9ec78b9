"""Refusals of access checks."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from accounts.users.errors import AccountError

if TYPE_CHECKING:
    pass


class NotAllowedError(AccountError):
    """The user's role doesn't permit the change."""

    sentence = _("Only an owner can do that.")


class UnverifiedError(AccountError):
    """The user must confirm their address first."""

    sentence = _("Confirm your e-mail address first.")
