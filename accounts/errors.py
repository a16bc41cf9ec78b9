"""Refusals of the accounts' services."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _, ngettext

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class AccountError(Exception):
    """The base of this app's refusals. `sentence` is shown to the user."""

    sentence: "StrOrPromise" = _("That can't be done.")

    def __str__(self) -> str:
        return str(self.sentence)


class HashingBusyError(Exception):
    """Too many passwords wait to be hashed. Not a refusal: another attempt can succeed."""


class PicturesBusyError(Exception):
    """Too many pictures wait to be decoded: another attempt can succeed."""


class LastOwnerError(AccountError):
    """The change would leave the tenant without an owner."""

    sentence = _("A workspace needs an owner: make somebody else one first.")


class NotAllowedError(AccountError):
    """The user's role doesn't permit the change."""

    sentence = _("Only an owner can do that.")


class SelfChangeError(AccountError):
    """Users can't change their own role or deactivate themselves."""

    sentence = _("This is you: nobody changes their own role or locks themselves out. Others can.")


class AlreadyMemberError(AccountError):
    """The invited address belongs to a member already."""

    sentence = _("This address already belongs to a member of this workspace.")


class AlreadyInvitedError(AccountError):
    """An invitation to the address is still open."""

    sentence = _("This address has an open invitation: send it again instead.")


class SentJustNowError(AccountError):
    """The same message was sent again a moment ago. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.sentence = ngettext(
            "It was sent again a moment ago. It can be sent once more in %(count)d second.",
            "It was sent again a moment ago. It can be sent once more in %(count)d seconds.",
            retry_after,
        ) % {"count": retry_after}


class InvitationGoneError(AccountError):
    """The invitation was accepted, revoked or has expired."""

    sentence = _("This invitation is no longer valid. Ask for a new one.")


class InvitationAcceptedError(InvitationGoneError):
    """The invitation was accepted: the holder of its link is a member."""

    sentence = _(
        "This invitation has been accepted already. Sign in with your address and your password."
    )


class UnverifiedError(AccountError):
    """The user must confirm their address first."""

    sentence = _("Confirm your e-mail address first.")


class HandoffRefusedError(AccountError):
    """The handoff's token is unknown, used or expired."""

    sentence = _("This link has been used or has expired. Sign in instead.")


class BulkChangeError(AccountError):
    """A bulk operation would skip the updates that each user needs."""

    sentence = _("Change addresses one user at a time: the profile and directory follow.")
