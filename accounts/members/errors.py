"""Refusals of members' services."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from accounts.users.errors import AccountError

if TYPE_CHECKING:
    pass


class LastOwnerError(AccountError):
    """The change would leave the tenant without an owner."""

    sentence = _("A workspace needs an owner: make another member an owner first.")


class SelfChangeError(AccountError):
    """Users can't change their own role or deactivate themselves."""

    sentence = _(
        "You can't change your own role or deactivate yourself. Another administrator can."
    )
