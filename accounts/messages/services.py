"""Onboarding e-mails, as administrators see them: sent again, and previewed."""

from django.db import transaction

from accounts.invitations.emails import invitation_content
from accounts.invitations.errors import InvitationGoneError
from accounts.invitations.models import Invitation
from accounts.invitations.querysets import InvitationQuerySet
from accounts.invitations.services import not_just_now, reinvite
from accounts.onboarding.emails import send_welcome
from accounts.users.models import User
from tasks import outbox
from tasks.mail import EmailContent
from tasks.models import Message
from tenancy import rate_limits
from tenancy.rate_limits import here


@transaction.atomic
def resend(*, message: Message) -> None:
    """Send a welcome or an invitation again.

    An invitation with an erased, expired or replaced link gets a new one. Raises
    `InvitationGoneError` when it was accepted or revoked, `SentJustNowError` when it was sent
    again less than a minute ago, and `RateLimitedError`.
    """
    message_id = message.pk
    if message.kind == "invitation":
        invitation = _invitations().open().filter(pk=message.arguments["invitation_id"]).first()
        if invitation is None:
            raise InvitationGoneError
        if invitation.is_expired or not message.can_be_resent:
            reinvite(invitation=invitation)
            return
        message_id = invitation.pk
    not_just_now(message_id)
    rate_limits.spend(here("invite"))
    outbox.resend(message=message)


def preview(*, message: Message) -> EmailContent | None:
    """Return a welcome or an invitation as it would be written now; None without a recipient.

    The invitation's link has no token: opening the real link proves the address.
    """
    if message.kind != "invitation":
        user = User.objects.filter(pk=message.user_id).first()
        return send_welcome.run(message) if user else None
    invitation = _invitations().filter(pk=message.arguments["invitation_id"]).first()
    return invitation_content(invitation, "") if invitation else None


def _invitations() -> InvitationQuerySet:
    return Invitation.objects.select_related("invited_by")
