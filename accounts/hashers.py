"""Password hashing with parameters that are ours to change."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idHasher(Argon2PasswordHasher):
    """argon2id at OWASP's floor: 19 MiB, two passes, one lane (OWASP ASVS 11.4.2)."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
