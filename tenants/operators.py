"""Operators: the people in public who run the service."""

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction

from accounts.errors import NotAllowedError, SelfChangeError
from accounts.models import User
from accounts.names import normalise_email, validate_display_name
from accounts.services import end_sessions
from tasks.roles import DatabaseRole
from tasks.workspace import public_context
from tenants.errors import OperatorExistsError


def add_operator(*, email: str, password: str, full_name: str) -> User:
    """Let somebody operate the service.

    Raises `OperatorExistsError`, and `ValidationError` for a weak password or a bad name.
    """
    with public_context(DatabaseRole.OPERATOR):
        validate_display_name(full_name)
        validate_password(password, User(email=normalise_email(email), full_name=full_name))
        try:
            with transaction.atomic():
                operator: User = User.objects.create_superuser(email, password, full_name=full_name)
        except IntegrityError:
            raise OperatorExistsError from None
    return operator


def ensure_operator(*, email: str, password: str, full_name: str) -> bool:
    """Have an operator who can sign in with the password; whether one had to be made.

    Changes nothing when run twice. For development: any password will do.
    """
    with public_context(DatabaseRole.OPERATOR), transaction.atomic():
        found = User.objects.select_for_update().filter(email=normalise_email(email)).first()
        if found is None:
            User.objects.create_superuser(email, password, full_name=full_name)
            return True
        _restore(found, password)
        return False


def deactivate_operator(*, operator: User, by: User) -> None:
    """Lock an operator out and end their sessions. Raises `SelfChangeError`.

    Nobody locks themselves out, and whoever was locked out locks out nobody
    (`NotAllowedError`): one operator is always left, however two of them race.
    """
    if operator.pk == by.pk:
        raise SelfChangeError
    with public_context(DatabaseRole.OPERATOR), transaction.atomic():
        active = User.objects.active().order_by("pk").select_for_update()
        if by.pk not in active.values_list("pk", flat=True):
            raise NotAllowedError
        operator.is_active = False
        operator.save(update_fields=["is_active"])
        end_sessions(user=operator)


def reactivate_operator(*, operator: User) -> None:
    """Let an operator in again."""
    with public_context(DatabaseRole.OPERATOR):
        operator.is_active = True
        operator.save(update_fields=["is_active"])


def _restore(operator: User, password: str) -> None:
    """Write only what differs: a new password hash would end the operator's sessions."""
    operator.is_active = operator.is_staff = operator.is_superuser = True
    if not operator.check_password(password):
        operator.set_password(password)
    operator.save()
