"""What the accounts' services refuse."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _, ngettext

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class AccountError(Exception):
    """The root of this app's refusals. `sentence` is for the person who asked."""

    sentence: "StrOrPromise" = _("That can't be done.")

    def __str__(self) -> str:
        return str(self.sentence)


class HashingBusyError(Exception):
    """Too many passwords wait to be hashed: no refusal, as another try will do."""


class PicturesBusyError(Exception):
    """Too many pictures wait to be decoded: another try will do."""


class LastOwnerError(AccountError):
    """The change would leave the tenant without an owner."""

    sentence = _("A workspace needs an owner: make somebody else one first.")


class NotAllowedError(AccountError):
    """The person's role doesn't reach as far as the change."""

    sentence = _("Only an owner can do that.")


class SelfChangeError(AccountError):
    """Nobody changes their own role or deactivates themselves."""

    sentence = _("This is you: nobody changes their own role or locks themselves out. Others can.")


class AlreadyMemberError(AccountError):
    """The invited address belongs to a member already."""

    sentence = _("This address already belongs to a member of this workspace.")


class AlreadyInvitedError(AccountError):
    """An invitation to the address is still open."""

    sentence = _("This address has an open invitation: send it again instead.")


class SentJustNowError(AccountError):
    """The same letter was sent again a moment ago. `retry_after` is in seconds."""

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
    """The invitation was accepted: whoever holds its link is a member."""

    sentence = _(
        "This invitation has been accepted already. Sign in with your address and your password."
    )


class UnverifiedError(AccountError):
    """The person must confirm their address first."""

    sentence = _("Confirm your e-mail address first.")


class HandoffRefusedError(AccountError):
    """The handoff's token is unknown, used or too old."""

    sentence = _("This link has been used or has expired. Sign in instead.")


class BulkChangeError(AccountError):
    """A bulk operation would go round what each user needs."""

    sentence = _("Change addresses one user at a time: the profile and directory follow.")
