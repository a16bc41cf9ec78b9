"""What is excepted from a guard: read from one file, and no longer than it is needed."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from dev.guards.findings import RULES, Finding
from dev.paths import ROOT

FILE = "dev/guards/exceptions.toml"


@dataclass(frozen=True)
class Exemption:
    """One rule, off in one place: a file (or pattern), and after a colon what stands inside."""

    rule: str
    place: str
    reason: str
    file: str = FILE

    def covers(self, finding: Finding) -> bool:
        path, _colon, inside = self.place.partition(":")
        return (
            finding.rule == self.rule
            and fnmatchcase(finding.path, path)
            and (not inside or finding.inside == inside)
        )


@dataclass
class Excepted:
    """All of them, and which were needed."""

    exemptions: list[Exemption]
    needed: set[Exemption] = field(default_factory=set)

    def covers(self, finding: Finding) -> bool:
        found = {each for each in self.exemptions if each.covers(finding)}
        self.needed |= found
        return bool(found)

    def unused(self) -> Iterator[Exemption]:
        return (each for each in self.exemptions if each not in self.needed)


def load(path: Path = ROOT / FILE) -> Excepted:
    """Read the list. Raises `ValueError` on a rule that there isn't, or a missing reason."""
    listed = tomllib.loads(path.read_text())
    for rule, places in listed.items():
        if rule not in RULES:
            raise ValueError(f"{path.name}: no guard is called {rule}.")
        for place, reason in places.items():
            if len(reason.split()) < 3:  # noqa: PLR2004  # A reason is a sentence.
                raise ValueError(f"{path.name}: say why {place} is excepted from {rule}.")
    return Excepted([Exemption(rule, *item) for rule in listed for item in listed[rule].items()])
