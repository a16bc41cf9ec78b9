"""Handoffs: from the sign-up on the base host to a session on the tenant's host."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.access.link_tokens import hashed, new_token
from accounts.handoffs.errors import HandoffRefusedError
from accounts.handoffs.models import Handoff
from accounts.users.models import User


def issue_handoff(*, user: User) -> str:
    """Return a token that signs the user in once, on this tenant's host, for `HANDOFF_SECONDS`."""
    token = new_token()
    expires_at = timezone.now() + timedelta(seconds=settings.HANDOFF_SECONDS)
    Handoff.objects.create(token_hash=hashed(token), user=user, expires_at=expires_at)
    return token


def consume_handoff(*, token: str) -> User:
    """Return a handoff's user, and delete the handoff. Raises `HandoffRefusedError`."""
    now = timezone.now()
    with transaction.atomic():
        rows = Handoff.objects.select_for_update().filter(token_hash=hashed(token))
        handoff = rows.select_related("user").first()
        rows.delete()
        Handoff.objects.filter(expires_at__lte=now).delete()
    if handoff is None or handoff.expires_at <= now or not handoff.user.is_active:
        raise HandoffRefusedError
    return handoff.user
