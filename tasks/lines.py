"""A line to the mail server, kept open from letter to letter: hellos cost more than letters."""

import select
import time
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any, Self

from django.core.mail import EmailMessage, get_connection

from tasks import mailserver

# Mail servers that count letters count to a hundred and more.
MOST_LETTERS = 100
OK = 250
# For so many seconds after an answer a line is trusted on which nothing has come since.
TRUSTED = 1.0


class Line:
    """Opened by its first letter, and closed at the end of the block."""

    def __init__(self) -> None:
        self._backend: Any = None
        self._carried = 0
        self._heard_at = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, email: EmailMessage) -> None:
        """Send a letter, on a new line where the old one is no good. Raises what sending raises."""
        if self._carried and not self._is_good():
            self.close()
        try:
            self._send(email)
        except SMTPSenderRefused as error:
            # It has had enough of this line, and hasn't heard of the letter yet.
            if not (self._carried and error.smtp_code == mailserver.HANGS_UP):
                raise
            self.close()
            self._send(email)

    def close(self) -> None:
        """Hang up. May be called twice."""
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
            # An answer to this letter alone, unless the server hangs up with it.
            if mailserver.is_away(error):
                self.close()
            raise
        except SMTPSenderRefused:
            raise
        except Exception:
            self.close()
            raise
        self._carried += 1
        self._heard_at = time.monotonic()

    def _is_good(self) -> bool:
        """Whether the line may carry another letter, and the server is still at its end.

        A server that hangs up says so, and then there is something to read.
        """
        if self._carried >= MOST_LETTERS:
            return False
        talk = getattr(self._backend, "connection", None)
        if time.monotonic() - self._heard_at < TRUSTED and _is_silent(talk):
            return True
        ask = getattr(talk, "noop", None)
        try:
            return ask is None or ask()[0] == OK
        except (SMTPException, OSError):
            return False


def _is_silent(talk: Any) -> bool:
    """Whether nothing has come on a conversation that nobody has read. Asks nobody."""
    if (sock := getattr(talk, "sock", None)) is None:
        return False
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return not poll.poll(0)
