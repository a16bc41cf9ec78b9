"""Tokens of password resets: each is valid once, for one account of one tenant."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from tenancy.context import current_schema


class TenantTokenGenerator(PasswordResetTokenGenerator):
    """Django's generator, with the tenant in the signature.

    All tenants share one key: in a copy of a tenant a user has the same id and the same
    password, and a link for one tenant would be valid in the other.
    """

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{current_schema()}{super()._make_hash_value(user, timestamp)}"
