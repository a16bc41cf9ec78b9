"""Sign-ups of ours, timed without the hash of the password."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch
from uuid import uuid4

from django.db import transaction
from django.test import override_settings

from accounts.users.hashers import Argon2idHasher
from bench.actions.ours import host_label
from bench.form_data import PASSWORD
from tasks.models import Message
from tenancy import schema_pool
from tenancy.context import database_role, public_context
from tenancy.roles import MIGRATOR
from tenancy.schemas import drop_schema, take_time
from tenants.models import DirectoryEntry, Tenant
from tenants.signup.services import Owner, open_tenant

SALT = "a salt of the bench"


def fill_pool(count: int) -> int:
    """Fill the schema pool up to `count`, and return how many schemas were created."""
    with override_settings(SCHEMA_POOL_SIZE=count):
        schema_pool.drop_old()
        return schema_pool.fill()


def sign_up(first: int, count: int, ready: int) -> list[tuple[float, float]]:
    """Open `count` organisations, one by one.

    Returns the seconds of each transaction, and of all of `open_tenant`, for visitors of one
    network each, with the limits on. The checks before the transaction count there, and the
    notifications after the commit, but not the hash of the password.
    """
    settings = override_settings(SCHEMA_POOL_SIZE=2 * ready, RATE_LIMITS=True)
    with settings, _password_hashed_before(), _transactions_timed() as transactions:
        whole = [_open(number) for number in range(first, first + count)]
    return list(zip(transactions, whole, strict=True))


def delete(first: int, count: int) -> None:
    """Delete what `sign_up` has opened, with every row."""
    slugs = [host_label(number) for number in range(first, first + count)]
    with database_role(MIGRATOR), public_context():
        for tenant in Tenant.objects.filter(slug__in=slugs):
            with transaction.atomic():
                drop_schema(schema_name=tenant.schema_name)
                DirectoryEntry.objects.filter(schema_name=tenant.schema_name).delete()
                Message.objects.of_schema(tenant.schema_name).delete()
                tenant.delete()


@contextmanager
def _password_hashed_before() -> Iterator[None]:
    """Replace the hash of the password, so that no sign-up computes it."""
    ready = Argon2idHasher().encode(PASSWORD, SALT)
    with patch("tenants.signup.services.make_password", lambda _password: ready):
        yield


@contextmanager
def _transactions_timed() -> Iterator[list[float]]:
    """Yield the seconds of each transaction, from its first statement to its commit."""
    seconds: list[float] = []

    def start() -> None:
        started = time.perf_counter()
        # Callbacks run in the order of registration: this one is the first.
        transaction.on_commit(lambda: seconds.append(time.perf_counter() - started))
        take_time()

    with patch("tenants.signup.services.take_time", start):
        yield seconds


def _open(number: int) -> float:
    """Return the seconds that `open_tenant` takes."""
    name = host_label(number)
    owner = Owner("Ada Owner", f"ada@{name}.test", PASSWORD)
    started = time.perf_counter()
    open_tenant(
        organization=f"Tenant {number}",
        subdomain=name,
        owner=owner,
        idempotency_key=uuid4(),
        opened_from=f"network {number}",
    )
    return time.perf_counter() - started


def hash_passwords(count: int) -> None:
    """Hash a password `count` times, as the service does."""
    for _ in range(count):
        Argon2idHasher().encode(PASSWORD, SALT)
