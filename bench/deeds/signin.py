"""Sign-ins by form, each in a browser without cookies."""

from http import HTTPStatus

from django.test import Client

from accounts.models import User
from accounts.users.hashers import Argon2idHasher
from bench.people import PASSWORD
from tenancy.context import workspace_context
from tenants.domains import hosts


def hash_with(passes: int, mebibytes: int) -> None:
    """Have passwords hashed by these parameters from now on, in this process."""
    Argon2idHasher.time_cost = passes
    Argon2idHasher.memory_cost = mebibytes * 1024


def enlist(host: str, count: int, name: str) -> list[str]:
    """Make so many people with a confirmed address, and return the addresses."""
    tenant = hosts.find_tenant(host)
    assert tenant
    with workspace_context(tenant):
        people = [
            User.objects.create_user(
                f"{name}{number}@bench.test",
                PASSWORD,
                full_name=f"Person {number}",
                welcome=False,
                email_verified=True,
            )
            for number in range(count)
        ]
    return [person.email for person in people]


def sign_in(host: str, emails: list[str]) -> None:
    """Ask for the form and send it, for each of them. Raises `RuntimeError`."""
    for email in emails:
        browser = Client(headers={"host": host})
        browser.get("/accounts/login/")
        answer = browser.post("/accounts/login/", {"login": email, "password": PASSWORD})
        if answer.status_code != HTTPStatus.FOUND:
            raise RuntimeError(f"{email}: {answer.status_code} {answer.content[:2000]!r}")


def verify_passwords(count: int) -> None:
    """Check a password so many times, and nothing else."""
    hasher = Argon2idHasher()
    encoded = hasher.encode(PASSWORD, hasher.salt())
    for _ in range(count):
        hasher.verify(PASSWORD, encoded)
