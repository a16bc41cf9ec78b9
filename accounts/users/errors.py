"""The base of the refusals of this app, and those of users' rows."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class AccountError(Exception):
    """The base of this app's refusals. `sentence` is shown to the user."""

    sentence: "StrOrPromise" = _("That can't be done.")

    def __str__(self) -> str:
        return str(self.sentence)


class HashingBusyError(Exception):
    """Too many passwords wait to be hashed. Not a refusal: another attempt can succeed."""


class BulkChangeError(AccountError):
    """A bulk operation would skip the updates that each user needs."""

    sentence = _("Change addresses one user at a time: the profile and directory follow.")
