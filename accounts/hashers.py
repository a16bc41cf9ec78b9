"""Password hashing with parameters that are ours to change, and so many at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts.errors import HashingBusyError

# In seconds. A hash takes some hundredths of one: who waits longer stands behind a hundred.
PATIENCE = 5.0
_turns = threading.BoundedSemaphore(settings.HASHES_AT_ONCE)


class Argon2idHasher(Argon2PasswordHasher):
    """argon2id at OWASP's floor: 19 MiB, two passes, one lane (OWASP ASVS 11.4.2).

    In each process so many run at once, whoever asks (sign-up, sign-in, reset): the others
    leave their core and memory to whoever wants a page. Raises `HashingBusyError`.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _turn():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turn():
            return super().verify(password, encoded)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=PATIENCE):
        raise HashingBusyError
    try:
        yield
    finally:
        _turns.release()
