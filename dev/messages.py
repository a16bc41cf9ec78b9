"""Compiles the message catalogues with Babel, which needs no gettext programs."""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from dev.paths import ROOT


def compile_all() -> int:
    """Compile what changed; return how many catalogues that were."""
    stale = [source for source in _catalogues() if _is_stale(source)]
    for source in stale:
        _compile(source)
    return len(stale)


def _catalogues() -> Iterator[Path]:
    return ROOT.glob("saas/**/locale/*/LC_MESSAGES/*.po")


def _is_stale(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime


def _compile(source: Path) -> None:
    """Write beside the target and move: two runs may compile at once, and a server may read."""
    with source.open("rb") as file:
        catalogue = read_po(file, locale=source.parts[-3])
    fresh = source.with_suffix(".mo.new")
    with fresh.open("wb") as file:
        write_mo(file, catalogue)
    fresh.replace(source.with_suffix(".mo"))


if __name__ == "__main__":
    print(f"Compiled {compile_all()} catalogues.")
    sys.exit()
