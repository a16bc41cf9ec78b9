"""What members may do: a catalogue of permissions, each with the roles that hold it."""

from collections.abc import Collection
from dataclasses import dataclass

from django_stubs_ext import StrOrPromise

from accounts.access.errors import NotAllowedError
from accounts.users.models import Role, User
from tenancy.registry import Registry


@dataclass(frozen=True)
class Permission:
    """Something that the members of some roles may do in their tenant.

    `name` says what is acted on, and how: `members.invite`. `title` completes "may …".
    """

    name: str
    title: "StrOrPromise"
    roles: Collection[Role] = (Role.OWNER, Role.ADMIN)
    position: int = 100


permissions: Registry[Permission] = Registry("permission")


def has_permission(user: User, name: str) -> bool:
    """Whether an active member's role holds a permission. Raises `KeyError` for an unknown name."""
    return user.is_active and user.role in permissions[name].roles


def require(user: User, name: str) -> None:
    """Raise `NotAllowedError` unless the user holds the permission."""
    if not has_permission(user, name):
        raise NotAllowedError
