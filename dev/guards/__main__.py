"""`python -m dev.guards`: say where a guard fires, and what to do instead."""

import sys
from collections.abc import Iterator
from pathlib import Path

from dev.guards import code, templates
from dev.guards.exceptions import Excepted, load
from dev.guards.findings import RULES, Finding
from dev.paths import PACKAGES, ROOT

# What a tree may hold that no browser gets as it is: other people's files have their own review.
VENDORED = "vendor"


def main() -> int:
    complaints = list(complaints_about(ROOT, load()))
    print("\n".join(complaints) or "Nothing goes past a guard.")
    return 1 if complaints else 0


def complaints_about(root: Path, excepted: Excepted) -> Iterator[str]:
    """Each finding that no exception covers, then each exception that covers nothing."""
    for finding in sorted(findings(root)):
        if not excepted.covers(finding):
            yield f"{finding.path}:{finding.line}: [{finding.rule}] {RULES[finding.rule]}"
    for unused in excepted.unused():
        yield f"{unused.file}: [{unused.rule}] {unused.place} needs no exception: take it out."


def findings(root: Path) -> Iterator[Finding]:
    for path in sources(root):
        name = path.relative_to(root).as_posix()
        read = code.findings if path.suffix == ".py" else templates.findings
        yield from read(name, path.read_text())


def sources(root: Path) -> Iterator[Path]:
    """Every file of the apps that runs or is sent, migrations too."""
    for app in PACKAGES:
        for path in sorted((root / app).rglob("*")):
            kinds, parts = {".py"}, path.relative_to(root).parts
            if "templates" in parts:
                kinds |= {".html", ".txt", ".svg"}
            elif "static" in parts and VENDORED not in parts:
                kinds |= {".css", ".js", ".svg"}
            if path.suffix in kinds:
                yield path


if __name__ == "__main__":
    sys.exit(main())
