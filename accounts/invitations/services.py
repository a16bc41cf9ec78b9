"""Invitations: an address, a role, and a link that proves the address."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access.errors import NotAllowedError, UnverifiedError
from accounts.access.link_tokens import hashed, new_token
from accounts.access.permissions import has_permission
from accounts.invitations.emails import invitation_content, send_invitation
from accounts.invitations.errors import (
    AlreadyInvitedError,
    AlreadyMemberError,
    InvitationAcceptedError,
    InvitationGoneError,
    SentJustNowError,
)
from accounts.invitations.models import Invitation
from accounts.users.models import Role, User
from tasks import addresses, outbox
from tasks.models import Message
from tenancy import rate_limits
from tenancy.context import current_schema, current_workspace
from tenancy.errors import RateLimitedError
from tenancy.rate_limits import here

# An equal call within this time is a repetition: a double click, or a form sent again.
AT_ONCE = timedelta(minutes=1)
# How long a new member may send the form again, because its answer was lost.
SOON = timedelta(minutes=15)


@transaction.atomic
def invite(*, email: str, role: str, by: User, language: str | None = None) -> Invitation:
    """Invite an address to join with a role. The e-mail goes through the outbox.

    An equal call by the same user within a minute returns the first call's invitation. Raises
    `AlreadyMemberError`, `AlreadyInvitedError`, `NotAllowedError` (only an owner invites
    owners), `UnverifiedError`, `RateLimitedError`, and `ValidationError` for an address that no
    e-mail can be sent to.
    """
    email = addresses.canonical(email)
    if not may_invite(by, role):
        raise NotAllowedError
    if not by.is_verified:
        # A user without a confirmed address may not have e-mails sent to other addresses.
        raise UnverifiedError
    rate_limits.spend(here("invite"))
    if User.objects.filter(email=email).exists():
        raise AlreadyMemberError
    token, wish = new_token(), {"email": email, "role": role, "invited_by": by}
    wish["language"] = language or current_workspace().language
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                token_hash=hashed(token), expires_at=_invitation_expiry(), **wish
            )
    except IntegrityError:
        # An equal call may have just made it, as at a double click.
        recent = Invitation.objects.open().filter(created_at__gt=timezone.now() - AT_ONCE, **wish)
        if (earlier := recent.first()) is None:
            raise AlreadyInvitedError from None
        return earlier
    _send_invitation(invitation, token)
    return invitation


@transaction.atomic
def reinvite(*, invitation: Invitation) -> None:
    """Send an invitation again, with a new link; the old link ends.

    Raises `InvitationGoneError`, `SentJustNowError` and `RateLimitedError`.
    """
    not_just_now(invitation.pk)
    rate_limits.spend(here("invite"))
    token = new_token()
    renewed = Invitation.objects.open().filter(pk=invitation.pk)
    if not renewed.update(token_hash=hashed(token), expires_at=_invitation_expiry()):
        raise InvitationGoneError
    _cancel_messages(invitation, "Replaced")
    _send_invitation(invitation, token)


@transaction.atomic
def revoke(*, invitation: Invitation) -> None:
    """Revoke an invitation. Raises `InvitationGoneError` when it is no longer open."""
    if not Invitation.objects.open().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
        raise InvitationGoneError
    _cancel_messages(invitation, "Revoked")


def may_invite(by: User, role: str) -> bool:
    """Whether a user's own role permits inviting to `role`."""
    is_allowed = has_permission(by, "members.invite")
    return is_allowed and (role != Role.OWNER or has_permission(by, "owners.change"))


def revoke_beyond_reach(*, inviter: User) -> None:
    """Revoke a user's open invitations that the user's role no longer permits.

    Otherwise a deactivated user could return by an invitation of their own.
    """
    for invitation in Invitation.objects.open().filter(invited_by=inviter):
        if not may_invite(inviter, invitation.role):
            revoke(invitation=invitation)


def find_invitation(*, token: str) -> Invitation:
    """Return the valid invitation of a link.

    Raises `InvitationGoneError`; `InvitationAcceptedError` for the link of an accepted one.
    """
    valid = Invitation.objects.valid(timezone.now())
    invitation = valid.select_related("invited_by").filter(token_hash=hashed(token)).first()
    if invitation is None:
        used = Invitation.objects.filter(token_hash=hashed(token), accepted_at__isnull=False)
        raise InvitationAcceptedError if used.exists() else InvitationGoneError
    return invitation


def accepted_just_now(*, invitation_id: str) -> str:
    """Return the address of an invitation accepted within `SOON`; empty otherwise."""
    try:
        key = UUID(invitation_id)
    except ValueError:
        return ""
    accepted = Invitation.objects.filter(pk=key, accepted_at__gt=timezone.now() - SOON)
    invitation = accepted.first()
    return invitation.email if invitation else ""


@transaction.atomic
def accept_invitation(*, token: str, full_name: str, password_hash: str, **fields: Any) -> User:
    """Make the invited person a member: verified, as the link came by e-mail, and welcomed.

    Raises `InvitationGoneError`, also when the inviter's role no longer permits it, and
    `AlreadyMemberError` when the address became a member in another way.
    """
    valid = Invitation.objects.valid(timezone.now()).select_for_update()
    invitation = valid.filter(token_hash=hashed(token)).first()
    if invitation is None:
        raise InvitationGoneError
    if invitation.invited_by and not may_invite(invitation.invited_by, invitation.role):
        raise InvitationGoneError
    if User.objects.filter(email=invitation.email).exists():
        raise AlreadyMemberError
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    user: User = User.objects.create_user(
        invitation.email,
        email_verified=True,
        full_name=full_name,
        password_hash=password_hash,
        role=invitation.role,
        **fields,
    )
    return user


def not_just_now(message_id: UUID) -> None:
    """Count a repeated sending of one message. Raises `SentJustNowError` within a minute."""
    try:
        rate_limits.spend(here("resend", str(message_id)))
    except RateLimitedError as refusal:
        raise SentJustNowError(refusal.retry_after) from None


def _invitation_expiry() -> datetime:
    return timezone.now() + timedelta(days=settings.INVITATION_DAYS)


def _send_invitation(invitation: Invitation, token: str) -> None:
    content = invitation_content(invitation, f"?token={token}")
    outbox.enqueue(send_invitation, payload=content.as_payload(), invitation_id=str(invitation.pk))


def _cancel_messages(invitation: Invitation, reason: str) -> None:
    """Cancel the undelivered messages of an invitation: their link has ended."""
    messages = Message.objects.of_schema(current_schema()).of_invitation(invitation.pk)
    outbox.cancel(messages=messages, reason=reason)
