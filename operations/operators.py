"""Operators: the users of the public schema, who run the service."""

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction

from accounts.access.errors import NotAllowedError
from accounts.members.errors import SelfChangeError
from accounts.models import User
from accounts.sessions.services import end_sessions
from accounts.users.names import validate_display_name
from operations.errors import OperatorExistsError
from tasks import addresses
from tenancy.context import public_context
from tenants.roles import OPERATOR


def add_operator(*, email: str, password: str, full_name: str) -> User:
    """Add an operator.
    Raises `OperatorExistsError`, and `ValidationError` for a weak password or a bad name.
    """
    with public_context(OPERATOR):
        validate_display_name(full_name)
        validate_password(password, User(email=addresses.normalise(email), full_name=full_name))
        try:
            with transaction.atomic():
                operator: User = User.objects.create_superuser(email, password, full_name=full_name)
        except IntegrityError:
            raise OperatorExistsError from None
    return operator


def ensure_operator(*, email: str, password: str, full_name: str) -> bool:
    """Create or restore an operator with this password. Return whether one was created.

    Idempotent. For development: the password is not validated.
    """
    with public_context(OPERATOR), transaction.atomic():
        found = User.objects.select_for_update().filter(email=addresses.normalise(email)).first()
        if found is None:
            User.objects.create_superuser(email, password, full_name=full_name)
            return True
        found.is_active = found.is_staff = found.is_superuser = True
        # Only if it differs: a new hash would end the sessions.
        if not found.check_password(password):
            found.set_password(password)
        found.save()
        return False


def deactivate_operator(*, operator: User, by: User) -> None:
    """Deactivate an operator and end their sessions.

    Raises `SelfChangeError` for one's own account, and `NotAllowedError` if `by` is inactive:
    one active operator always remains, even if two deactivate each other concurrently.
    """
    if operator.pk == by.pk:
        raise SelfChangeError
    with public_context(OPERATOR), transaction.atomic():
        active = User.objects.active().order_by("pk").select_for_update()
        if by.pk not in active.values_list("pk", flat=True):
            raise NotAllowedError
        operator.is_active = False
        operator.save(update_fields=["is_active"])
        end_sessions(user=operator)


def reactivate_operator(*, operator: User) -> None:
    """Reactivate an operator."""
    with public_context(OPERATOR):
        operator.is_active = True
        operator.save(update_fields=["is_active"])
