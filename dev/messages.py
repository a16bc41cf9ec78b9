"""Compiles the message catalogues with Babel, which needs no gettext programs."""

import sys

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from dev.paths import ROOT

PACKAGES = ("saas", "product")
CATALOGUES = "**/locale/*/LC_MESSAGES/*.po"


def compile_all() -> int:
    """Compile what changed; return how many catalogues that were."""
    count = 0
    found = (path for name in PACKAGES for path in (ROOT / name).glob(CATALOGUES))
    for source in sorted(found):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            with source.open("rb") as file:
                catalogue = read_po(file, locale=source.parts[-3])
            # Beside its place, then moved: two runs may compile at once, and a server may read.
            fresh = source.with_suffix(".mo.new")
            with fresh.open("wb") as file:
                write_mo(file, catalogue)
            fresh.replace(compiled)
            count += 1
    return count


if __name__ == "__main__":
    print(f"Compiled {compile_all()} catalogues.")
    sys.exit()
