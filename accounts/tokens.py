"""Tokens of password resets: each opens one account of one tenant, once."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from tasks.workspace import current_schema


class TenantTokenGenerator(PasswordResetTokenGenerator):
    """Django's, whose signature carries the tenant as well.

    All tenants sign with one key: in a copy of a tenant the same person has the same id and
    the same password, and a link of one would open the other.
    """

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{current_schema()}{super()._make_hash_value(user, timestamp)}"
