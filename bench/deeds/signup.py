"""Sign-ups on our side, clocked without the hash of the password."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch
from uuid import uuid4

from django.db import transaction
from django.test import override_settings

from accounts.users.hashers import Argon2idHasher
from bench.deeds.ours import host_label
from bench.people import PASSWORD
from tasks.models import Message
from tenancy import schema_pool
from tenancy.context import database_role, public_context
from tenancy.roles import MIGRATOR
from tenancy.schemas import drop_schema, take_time
from tenants.models import DirectoryEntry, Tenant
from tenants.signup.services import Owner, open_tenant

SALT = "a salt of the bench"


def prepare_spares(count: int) -> int:
    """Have so many schemas ready, and return how many had to be made."""
    with override_settings(SCHEMA_POOL_SIZE=count):
        schema_pool.drop_old()
        return schema_pool.fill()


def sign_up(first: int, count: int, ready: int) -> list[tuple[float, float]]:
    """Open so many organisations, one by one.

    Returns the seconds of each transaction, and of all of `open_tenant`: as visitors do it, each
    in a network of their own, with the limits on. What is asked before the transaction counts
    there, and what is done after the commit, but not the hash of the password.
    """
    visited = override_settings(SCHEMA_POOL_SIZE=2 * ready, RATE_LIMITS=True)
    with visited, _hashed_before(), _transactions_clocked() as transactions:
        whole = [_clocked(number) for number in range(first, first + count)]
    return list(zip(transactions, whole, strict=True))


def close(first: int, count: int) -> None:
    """Take back what `sign_up` has opened, as if it had never been."""
    slugs = [host_label(number) for number in range(first, first + count)]
    with database_role(MIGRATOR), public_context():
        for tenant in Tenant.objects.filter(slug__in=slugs):
            with transaction.atomic():
                drop_schema(schema_name=tenant.schema_name)
                DirectoryEntry.objects.filter(schema_name=tenant.schema_name).delete()
                Message.objects.of_schema(tenant.schema_name).delete()
                tenant.delete()


@contextmanager
def _hashed_before() -> Iterator[None]:
    """Have the hash at hand, so that no sign-up waits for it."""
    ready = Argon2idHasher().encode(PASSWORD, SALT)
    with patch("tenants.signup.services.make_password", lambda _password: ready):
        yield


@contextmanager
def _transactions_clocked() -> Iterator[list[float]]:
    """Note what each transaction takes, from its first statement until it is committed."""
    seconds: list[float] = []

    def start() -> None:
        started = time.perf_counter()
        # The first that is asked for is the first that is called.
        transaction.on_commit(lambda: seconds.append(time.perf_counter() - started))
        take_time()

    with patch("tenants.signup.services.take_time", start):
        yield seconds


def _clocked(number: int) -> float:
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
    """Hash a password so many times, as the service does."""
    for _ in range(count):
        Argon2idHasher().encode(PASSWORD, SALT)
