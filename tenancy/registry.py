"""Registries: what apps declare in their `tenantry` modules, in the order of its display."""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from django.core.checks import Error


class Declared(Protocol):
    """An entry of a registry: a unique name, and the position it is shown at."""

    @property
    def name(self) -> str: ...

    @property
    def position(self) -> int: ...


Entry = TypeVar("Entry", bound=Declared)


class Registry(Generic[Entry]):
    """The entries of one kind. The package that displays them owns it.

    A second entry of one name is kept apart, and reported by `check` (tenancy.E005).
    """

    registries: list["Registry[Declared]"] = []  # Of all kinds.

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.duplicates: list[Entry] = []
        self._entries: dict[str, Entry] = {}
        Registry.registries.append(self)  # type: ignore[arg-type]  # It only reads the names.

    def register(self, *entries: Entry) -> None:
        for entry in entries:
            if entry.name in self._entries:
                self.duplicates.append(entry)
            else:
                self._entries[entry.name] = entry

    def __iter__(self) -> Iterator[Entry]:
        return iter(sorted(self._entries.values(), key=lambda entry: (entry.position, entry.name)))

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __getitem__(self, name: str) -> Entry:
        return self._entries[name]


def duplicates() -> list[Error]:
    """Return an error for each name that two declarations use."""
    return [
        Error(
            f"Two declarations use the {registry.kind} name “{entry.name}”.",
            hint="Give one of them another name, such as “app.name”.",
            id="tenancy.E005",
        )
        for registry in Registry.registries
        for entry in registry.duplicates
    ]
