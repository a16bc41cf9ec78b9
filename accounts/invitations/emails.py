"""The e-mail that invites an address to join."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _, override

from accounts.invitations.models import Invitation
from tasks.deliveries import delivery, secret_content
from tasks.mail import EmailContent
from tasks.models import Message
from tasks.policies import Audience, Category
from tenancy.context import current_workspace


@delivery(
    "invitation",
    _("Invitation"),
    Category.ONBOARDING,
    audience=Audience.INVITED,
    is_secret=True,
    expires_in=timedelta(days=settings.INVITATION_DAYS),
    admins_may_resend=True,
)
def send_invitation(message: Message) -> EmailContent:
    """Send the link by which an invited person joins."""
    return secret_content(message)


def invitation_content(invitation: Invitation, query: str) -> EmailContent:
    """Return the e-mail of an invitation, whose link ends with `query`."""
    workspace, inviter = current_workspace(), invitation.invited_by
    with override(invitation.language):
        role = str(invitation.get_role_display())
    return EmailContent(
        "invitation",
        to=invitation.email,
        language=invitation.language,
        context={
            "inviter_name": inviter.full_name if inviter else workspace.name,
            "role": role,
            "url": f"{workspace.origin}/accounts/invitation/{query}",
            "expires_days": settings.INVITATION_DAYS,
        },
    )
