"""The example organisations, read from `organisations.toml`."""

import tomllib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

_FILE = Path(__file__).with_name("organisations.toml")


@dataclass(frozen=True)
class Person:
    """A member, with the data of the profile."""

    full_name: str
    mailbox: str
    role: str
    job_title: str
    address_line_1: str
    postal_code: str
    locality: str
    region: str

    @property
    def profile(self) -> dict[str, str]:
        names = ("job_title", "address_line_1", "postal_code", "locality", "region")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Organisation:
    """One example: the facts in the file, and the values derived from them."""

    facts: dict[str, Any]
    people: list[Person]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.facts[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def idempotency_key(self) -> uuid.UUID:
        """The key that distinguishes this organisation from a real one with the same subdomain."""
        return uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.subdomain}.example")

    @property
    def opened_at(self) -> datetime:
        return timezone.now() - timedelta(days=int(self.opened_days_ago))

    def email_of(self, mailbox: str) -> str:
        return f"{mailbox}@{self.subdomain}.example"

    def phone_of(self, person: Person) -> str:
        return str(self.phone % (self.phone_from + self.people.index(person)))

    def joined_at(self, person: Person) -> datetime:
        """Return the owner first, the last member recently; joins become denser over time."""
        place = self.people.index(person) / len(self.people)
        lived = timezone.now() - self.opened_at
        return self.opened_at + lived * float(place**0.7)


def organisations() -> list[Organisation]:
    """Return the examples, in the order of the file."""
    found = tomllib.loads(_FILE.read_text(encoding="utf-8"))["organisations"]
    return [Organisation(facts, _people(facts["people"])) for facts in found]


def _people(table: str) -> list[Person]:
    rows = [line.split("|") for line in table.strip().splitlines()]
    return [Person(*(cell.strip() for cell in row)) for row in rows]
