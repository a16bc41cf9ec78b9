"""Members: their roles, deactivation and reactivation."""

from django.db import transaction

from accounts.access.permissions import require
from accounts.invitations.services import revoke_beyond_reach
from accounts.members.errors import LastOwnerError, SelfChangeError
from accounts.sessions.services import end_sessions
from accounts.users.models import Role, User
from accounts.users.signals import member_deactivated, member_reactivated, role_changed


@transaction.atomic
def change_role(*, user: User, role: str, by: User) -> None:
    """Give a user another role.

    Raises `NotAllowedError` when an admin changes an owner or makes one, `SelfChangeError`,
    and `LastOwnerError`.
    """
    _lock(user, by)
    _refuse_beyond_reach(user, role, by)
    _keep_an_owner(user, stays_owner=role == Role.OWNER)
    before, user.role = user.role, role
    user.save(update_fields=["role"])
    revoke_beyond_reach(inviter=user)
    role_changed.send(sender=User, user=user, before=before, by=by)


@transaction.atomic
def deactivate(*, user: User, by: User) -> None:
    """Deactivate a user: end their sessions, and revoke the open invitations they have sent.

    Raises what `change_role` raises.
    """
    _lock(user, by)
    _refuse_beyond_reach(user, user.role, by)
    _keep_an_owner(user, stays_owner=False)
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions(user=user)
    revoke_beyond_reach(inviter=user)
    member_deactivated.send(sender=User, user=user, by=by)


@transaction.atomic
def reactivate(*, user: User, by: User) -> None:
    """Let a user sign in again. Raises `NotAllowedError` and `SelfChangeError`."""
    _lock(user, by)
    _refuse_beyond_reach(user, user.role, by)
    user.is_active = True
    user.save(update_fields=["is_active"])
    member_reactivated.send(sender=User, user=user, by=by)


def _lock(user: User, by: User) -> None:
    """Lock both rows, in primary key order, and read their current role and status."""
    rows = User.objects.select_for_update().order_by("pk").in_bulk([user.pk, by.pk])
    for person in (user, by):
        person.role, person.is_active = rows[person.pk].role, rows[person.pk].is_active


def _refuse_beyond_reach(user: User, role: str, by: User) -> None:
    if user.pk == by.pk:
        raise SelfChangeError
    require(by, "members.change")
    if Role.OWNER in {user.role, role}:
        require(by, "owners.change")


def _keep_an_owner(user: User, *, stays_owner: bool) -> None:
    """Lock the owners' rows, so that two owners can't step down at once."""
    owners = list(User.objects.active().owners().select_for_update().values_list("pk", flat=True))
    if not stays_owner and owners == [user.pk]:
        raise LastOwnerError
