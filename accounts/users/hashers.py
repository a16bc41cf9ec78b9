"""Password hashing with our own parameters, and a limit on concurrent hashes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts.users.errors import HashingBusyError

# Timeout in seconds. A hash takes some hundredths of one: a longer wait has a hundred before it.
PATIENCE = 5.0
_free_slots = threading.BoundedSemaphore(settings.HASHES_AT_ONCE)


class Argon2idHasher(Argon2PasswordHasher):
    """argon2id at OWASP's minimum: 19 MiB, two passes, one lane (OWASP ASVS 11.4.2).

    A semaphore in each process limits concurrent hashes of all callers (sign-up, sign-in, reset),
    which leaves cores and memory to other requests. Raises `HashingBusyError` on timeout.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _slot():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _slot():
            return super().verify(password, encoded)


@contextmanager
def _slot() -> Iterator[None]:
    if not _free_slots.acquire(timeout=PATIENCE):
        raise HashingBusyError
    try:
        yield
    finally:
        _free_slots.release()
