"""Refusals of invitations' services."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _, ngettext

from accounts.users.errors import AccountError

if TYPE_CHECKING:
    pass


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
