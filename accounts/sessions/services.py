"""Sessions of users."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from accounts.users.models import User


def end_sessions(*, user: User) -> None:
    """Sign a user out everywhere."""
    sessions = UserSession.objects.filter(user=user)
    keys = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    sessions.delete()
