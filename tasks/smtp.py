"""An SMTP connection for several e-mails: opening one costs more than sending an e-mail."""

import time
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any, Self

from django.core.mail import EmailMessage, get_connection

from tasks import mailserver
from tenancy import sockets

# E-mails per connection. Mail servers that limit them allow a hundred or more.
MAX_EMAILS_PER_CONNECTION = 100
OK = 250
# Seconds after an answer in which a connection without unread data is used without a NOOP.
TRUSTED_SECONDS = 1.0


class SmtpConnection:
    """Opened by its first e-mail, and closed at the end of the block."""

    def __init__(self) -> None:
        self._backend: Any = None
        self._carried = 0
        self._answered_at = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, email: EmailMessage) -> None:
        """Send an e-mail, on a new connection if necessary. Raises the backend's errors."""
        if self._carried and not self._is_good():
            self.close()
        try:
            self._send(email)
        except SMTPSenderRefused as error:
            # The server closes the connection, and hasn't received the e-mail yet.
            if not (self._carried and error.smtp_code == mailserver.HANGS_UP):
                raise
            self.close()
            self._send(email)

    def close(self) -> None:
        """Close the connection. Idempotent."""
        backend, self._backend, self._carried = self._backend, None, 0
        if backend is not None:
            backend.close()

    def _send(self, email: EmailMessage) -> None:
        if self._backend is None:
            self._backend = get_connection()
            self._backend.open()
        email.connection = self._backend
        try:
            email.send()
        except (SMTPRecipientsRefused, SMTPDataError) as error:
            # An answer to this e-mail alone, unless the server closes the connection with it.
            if mailserver.is_away(error):
                self.close()
            raise
        except SMTPSenderRefused:
            raise
        except Exception:
            self.close()
            raise
        self._carried += 1
        self._answered_at = time.monotonic()

    def _is_good(self) -> bool:
        """Whether the connection may carry another e-mail, and the server hasn't closed it.

        A server that closes it announces that, and then there is something to read.
        """
        if self._carried >= MAX_EMAILS_PER_CONNECTION:
            return False
        client = getattr(self._backend, "connection", None)
        sock = getattr(client, "sock", None)
        is_silent = sock is not None and sockets.is_silent(sock.fileno())
        if is_silent and time.monotonic() - self._answered_at < TRUSTED_SECONDS:
            return True
        noop = getattr(client, "noop", None)
        try:
            return noop is None or noop()[0] == OK
        except (SMTPException, OSError):
            return False
