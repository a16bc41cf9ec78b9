"""The examples' history: invitations and messages in every state; no e-mail is sent."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.invitations.emails import send_invitation
from accounts.models import Invitation, User
from accounts.onboarding.emails import send_welcome
from operations.management.examples.organisations import Organisation, Person
from tasks.models import Message
from tenancy.context import current_schema

State = Message.State
VALIDITY = timedelta(days=settings.INVITATION_DAYS)


def invite_all(organisation: Organisation, *, by: User) -> None:
    """Add the invitations that were not accepted, each with its message in state sent."""
    for facts in organisation.invitations:
        sent_at = timezone.now() - timedelta(days=facts["days_ago"])
        invitation, created = _invitation(
            organisation.email_of(facts["mailbox"]), facts["role"], by, sent_at
        )
        if created:
            _message_of(invitation)


def welcome(organisation: Organisation, person: Person, user: User) -> None:
    """Add how a person joined: the accepted invitation and the state of the welcome message."""
    if person is not organisation.people[0]:
        by = User.objects.owners().order_by("joined_at")[0]
        sent_at = user.joined_at - timedelta(hours=9)
        invitation, created = _invitation(
            user.email, person.role, by, sent_at, accepted_at=user.joined_at
        )
        if created:
            _message_of(invitation)
    _add(
        key=f"welcome:{user.pk}",
        user_id=user.pk,
        kind=send_welcome.kind,
        task=send_welcome.name,
        **_fate(organisation, person, user.joined_at),
    )


def _fate(organisation: Organisation, person: Person, when: datetime) -> dict[str, Any]:
    """Return the state of a person's welcome message, as the relay would have recorded it."""
    now, most, made = timezone.now(), settings.OUTBOX_MAX_ATTEMPTS, {"created_at": when}
    if person.mailbox in organisation.mail_failed:
        retry = {"attempts": most - 1, "due_at": now + timedelta(hours=8)}
        return {**made, "state": State.FAILED, "last_error": "SMTPServerDisconnected", **retry}
    if person.mailbox in organisation.mail_dead:
        refused = "SMTPRecipientsRefused 550"
        return {**made, "state": State.DEAD, "attempts": most, "last_error": refused}
    return {**made, "state": State.SENT, "attempts": 1, "sent_at": when}


def _invitation(
    email: str, role: str, by: User, sent_at: datetime, **fields: Any
) -> tuple[Invitation, bool]:
    return Invitation.objects.get_or_create(
        email=email,
        defaults={
            "role": role,
            "language": by.language,
            "invited_by": by,
            # A hash of random bytes: no e-mail with a link was sent, so no token matches.
            "token_hash": hashlib.sha256(secrets.token_bytes(32)).hexdigest(),
            "created_at": sent_at,
            "expires_at": sent_at + VALIDITY,
            **fields,
        },
    )


def _message_of(invitation: Invitation) -> None:
    _add(
        key=f"invitation:{invitation.pk}",
        kind=send_invitation.kind,
        task=send_invitation.name,
        arguments={"invitation_id": str(invitation.pk)},
        expires_at=invitation.expires_at,
        state=State.SENT,
        attempts=1,
        sent_at=invitation.created_at,
        created_at=invitation.created_at,
    )


def _add(*, key: str, **fields: Any) -> None:
    """Write a message without the outbox, which would send it. Idempotent by `key`."""
    Message.objects.get_or_create(schema_name=current_schema(), key=key, defaults=fields)
