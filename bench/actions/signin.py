"""Sign-ins by form, each in a browser without cookies."""

from http import HTTPStatus

from django.test import Client

from accounts.models import User
from accounts.users.hashers import Argon2idHasher
from bench.form_data import PASSWORD
from tenancy.context import workspace_context
from tenants.domains import hosts


def set_hash_parameters(passes: int, mebibytes: int) -> None:
    """Set the parameters of the hashes that this process computes."""
    Argon2idHasher.time_cost = passes
    Argon2idHasher.memory_cost = mebibytes * 1024


def add_members(host: str, count: int, name: str) -> list[str]:
    """Create members with a confirmed address, and return the addresses."""
    tenant = hosts.find_tenant(host)
    assert tenant
    with workspace_context(tenant):
        users = [
            User.objects.create_user(
                f"{name}{number}@bench.test",
                PASSWORD,
                full_name=f"Person {number}",
                welcome=False,
                email_verified=True,
            )
            for number in range(count)
        ]
    return [user.email for user in users]


def sign_in(host: str, emails: list[str]) -> None:
    """Load the form and send it, for each address. Raises `RuntimeError`."""
    for email in emails:
        browser = Client(headers={"host": host})
        browser.get("/accounts/login/")
        answer = browser.post("/accounts/login/", {"login": email, "password": PASSWORD})
        if answer.status_code != HTTPStatus.FOUND:
            raise RuntimeError(f"{email}: {answer.status_code} {answer.content[:2000]!r}")


def verify_passwords(count: int) -> None:
    """Check a password `count` times, and nothing else."""
    hasher = Argon2idHasher()
    encoded = hasher.encode(PASSWORD, hasher.salt())
    for _ in range(count):
        hasher.verify(PASSWORD, encoded)
