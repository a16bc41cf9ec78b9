"""Sessions at rest: sealed rows, named by a hash of what the cookie holds.

Whoever reads the table, or a backup of it, finds neither what a session holds (a reset key, a
code, an invitation's token) nor anything that a browser could send to be let in.
"""

import hashlib
from typing import Any, Self

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils.crypto import get_random_string

from tasks import sealing
from tasks.errors import SealBrokenError
from tasks.workspace import current_schema

# 36 letters and digits: 165 bits, too many to guess, so that their hash needs no key.
TOKEN_LENGTH = 32
# As many hexadecimal digits as the column has room for: 160 bits.
ROW_KEY_LENGTH = 40


class SessionStore(DatabaseStore):
    """Django's, whose `session_key` is the row's name and never the cookie's value.

    The cookie holds a token that is kept nowhere. What is kept of it, here and in the list of
    somebody's sessions, is a hash that carries the schema: in a copy of a tenant it names no
    row. Raises `TenantMissingError` outside any context.
    """

    token: str | None = None

    @classmethod
    def of_cookie(cls, token: str | None) -> Self:
        """Return the session that a browser's cookie opens; a new one when it opens none."""
        store = cls(row_key(token) if token else None)
        store.token = token
        return store

    def load(self) -> dict[str, Any]:
        """Return what the session holds. A row that doesn't open is no session at all."""
        row = self._get_session_from_db()  # type: ignore[attr-defined]  # The stubs lack it.
        try:
            return self._opened(row.session_data) if row else {}
        except (SealBrokenError, ValueError):
            self._session_key = None
            return {}

    def encode(self, session_dict: dict[str, Any]) -> str:
        content = self.serializer().dumps(session_dict)
        return sealing.seal(content, place=self._place()).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        try:
            return self._opened(str(session_data))
        except (SealBrokenError, ValueError):
            return {}

    def cycle_key(self) -> None:
        """Go on under a new key, in the list of somebody's sessions as well.

        Or a session that was given a new key behind their back, as after a new `SECRET_KEY`,
        would be missing there, and nobody could end it.
        """
        before = self.session_key
        super().cycle_key()
        if before:
            UserSession.objects.filter(session_key=before).update(session_key=self.session_key)

    def _opened(self, session_data: str) -> dict[str, Any]:
        content = sealing.unseal(session_data.encode(), place=self._place())
        session: dict[str, Any] = self.serializer().loads(content)
        return session

    def _place(self) -> str:
        return f"session {current_schema()} {self.session_key}"

    def _get_new_session_key(self) -> str:
        """Draw a token for the cookie, and return what its row is called."""
        self.token = get_random_string(TOKEN_LENGTH, VALID_KEY_CHARS)
        return row_key(self.token)


def row_key(token: str) -> str:
    """Return what the row of a cookie's token is called in the current schema."""
    digest = hashlib.sha256(f"session {current_schema()} {token}".encode())
    return digest.hexdigest()[:ROW_KEY_LENGTH]
