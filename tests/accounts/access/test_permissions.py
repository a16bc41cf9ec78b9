"""Permissions: which roles hold them, and what asks for one that no app declares."""

import pytest
from django.conf import settings

from accounts.access.errors import NotAllowedError
from accounts.access.permissions import has_permission, permissions, require
from accounts.users.models import Role, User

OWNERS, ADMINS = {Role.OWNER}, {Role.OWNER, Role.ADMIN}
HELD = {
    "console.view": ADMINS,
    "members.view": ADMINS,
    "members.invite": ADMINS,
    "members.change": ADMINS,
    "owners.change": OWNERS,
    "messages.view": ADMINS,
    "messages.resend": ADMINS,
    "settings.change": ADMINS,
}


def products():
    """The labels of a product's apps, which declare permissions of their own."""
    return {app.rpartition(".")[2] for app in settings.PRODUCT_APPS}


@pytest.mark.parametrize("role", Role)
def test_each_role_holds_these_permissions(role):
    user = User(role=role)

    ours = {each.name for each in permissions if each.name.split(".")[0] not in products()}

    held = {name for name in ours if has_permission(user, name)}
    assert held == {name for name, roles in HELD.items() if role in roles}


def test_a_deactivated_owner_holds_none():
    user = User(role=Role.OWNER, is_active=False)

    assert not any(has_permission(user, each.name) for each in permissions)
    with pytest.raises(NotAllowedError):
        require(user, "members.view")


def test_a_permission_that_no_app_declares_is_an_error():
    with pytest.raises(KeyError):
        has_permission(User(role=Role.OWNER), "members.tickle")
