"""Refusals of handoffs' services."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from accounts.users.errors import AccountError

if TYPE_CHECKING:
    pass


class HandoffRefusedError(AccountError):
    """The handoff's token is unknown, used or expired."""

    sentence = _("This link has been used or has expired. Sign in instead.")
