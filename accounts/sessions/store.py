"""Sessions at rest: encrypted rows, named by a hash of the cookie's value.

The table, or a backup of it, reveals neither a session's content (a reset key, a code, an
invitation's token) nor a value that a browser could send to be signed in.
"""

import hashlib
from typing import Any, Self

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils.crypto import get_random_string

from tenancy import encryption
from tenancy.context import current_schema
from tenancy.errors import DecryptionError

# 36 letters and digits: 165 bits, too many to guess, so that their hash needs no key.
TOKEN_LENGTH = 32
# As many hexadecimal digits as the column holds: 160 bits.
ROW_KEY_LENGTH = 40


class SessionStore(DatabaseStore):
    """Django's store, in which `session_key` is the row's name and never the cookie's value.

    The cookie holds a token that is not stored. What is stored, here and in the list of a
    user's sessions, is a hash that includes the schema: in a copy of a tenant it names no
    row. Raises `TenantMissingError` outside any context.
    """

    token: str | None = None

    @classmethod
    def of_cookie(cls, token: str | None) -> Self:
        """Return the session of a browser's cookie; a new one without a token."""
        store = cls(row_key(token) if token else None)
        store.token = token
        return store

    def load(self) -> dict[str, Any]:
        """Return the session's content. A row that can't be decrypted counts as no session."""
        row = self._get_session_from_db()  # type: ignore[attr-defined]  # The stubs lack it.
        try:
            return self._opened(row.session_data) if row else {}
        except (DecryptionError, ValueError):
            self._session_key = None
            return {}

    def encode(self, session_dict: dict[str, Any]) -> str:
        content = self.serializer().dumps(session_dict)
        return encryption.encrypt(content, context=self._encryption_context()).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        try:
            return self._opened(str(session_data))
        except (DecryptionError, ValueError):
            return {}

    def cycle_key(self) -> None:
        """Change the session key, in the list of the user's sessions as well.

        Otherwise a session with an unrequested new key, as after a new `SECRET_KEY`, would be
        missing from the list, and the user could not end it.
        """
        before = self.session_key
        super().cycle_key()
        if before:
            UserSession.objects.filter(session_key=before).update(session_key=self.session_key)

    def _opened(self, session_data: str) -> dict[str, Any]:
        content = encryption.decrypt(session_data.encode(), context=self._encryption_context())
        session: dict[str, Any] = self.serializer().loads(content)
        return session

    def _encryption_context(self) -> str:
        return f"session {current_schema()} {self.session_key}"

    def _get_new_session_key(self) -> str:
        """Draw a token for the cookie, and return the key of its row."""
        self.token = get_random_string(TOKEN_LENGTH, VALID_KEY_CHARS)
        return row_key(self.token)


def row_key(token: str) -> str:
    """Return the row key of a cookie's token in the current schema."""
    digest = hashlib.sha256(f"session {current_schema()} {token}".encode())
    return digest.hexdigest()[:ROW_KEY_LENGTH]
