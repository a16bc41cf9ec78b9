"""Checks the size of modules: 400 lines at most. With `--all`, lists those past 150 as well."""

import sys
from collections.abc import Iterator
from pathlib import Path

from dev.paths import PACKAGES, ROOT

WALL = 400
AIM = 150
MEASURED = (*PACKAGES, "dev", "bench", "tests")


def main(arguments: list[str]) -> int:
    lengths = {path.relative_to(ROOT): _length(path) for path in modules(ROOT)}
    long = sorted(lengths.items(), key=lambda item: -item[1])
    for path, length in long:
        if length > (AIM if "--all" in arguments else WALL):
            print(f"{length:5} {path}{'  is past the wall' if length > WALL else ''}")
    too_long = [path for path, length in long if length > WALL]
    if too_long:
        print(f"{len(too_long)} modules are longer than {WALL} lines: split them by capability.")
    return 1 if too_long else 0


def modules(root: Path) -> Iterator[Path]:
    """Every module that people write; migrations are written by Django."""
    for package in MEASURED:
        for path in (root / package).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path


def _length(path: Path) -> int:
    return len(path.read_text().splitlines())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
