"""`python -m dev.commit_messages`: checks the form of the commits since this rule.

The subject is imperative and has at most 72 characters, the body is wrapped at 72. Without git, or
outside a clone, there is nothing to check; a shallow clone is checked as far as it reaches.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from dev.paths import ROOT

MOST = 72
# They say little, or make a person of a program. Name what changes: Add, Fix, Refuse, Rename.
VAGUE = {"Ask", "Be", "Get", "Give", "Have", "Let", "Put", "Say", "Take", "Tell"}
# A past tense or a gerund, but for verbs that end so themselves.
NOT_IMPERATIVE = re.compile(
    r"(?!(Bring|Embed|Exceed|Feed|Need|Ping|Proceed|Ring|Seed|Shed|Speed|Spring|String)\b)"
    r"\w+(ed|ing)\b"
)
RULE = "dev/commit_messages.py"


def main() -> int:
    complaints = [
        f"{commit[:9]}: {complaint}"
        for commit, message in commits(ROOT)
        for complaint in complaints_about(message)
    ]
    print("\n".join(complaints) or "Every commit since the rule keeps to it.")
    return 1 if complaints else 0


def commits(root: Path) -> Iterator[tuple[str, str]]:
    """Yield hash and message of each commit that descends from the one that added this rule."""
    added = _git(root, "log", "--diff-filter=A", "--format=%H", "--", RULE).split()
    if not added:
        return
    # Descendants only: a branch that was begun earlier may be merged later.
    span = ("--ancestry-path", "--no-merges", f"{added[-1]}..HEAD")
    for entry in _git(root, "log", "--format=%H%n%B%x00", *span).split("\0"):
        commit, _line, message = entry.strip().partition("\n")
        if commit:
            yield commit, message


def complaints_about(message: str) -> Iterator[str]:
    subject, *body = message.splitlines()
    first = subject.partition(" ")[0]
    if first in VAGUE:
        yield f'"{subject}" begins with {first}: name the thing that changes, and how.'
    if NOT_IMPERATIVE.match(subject):
        yield f'"{subject}" is no imperative: write Add, not Added or Adding.'
    if len(subject) > MOST:
        yield f'"{subject}" has {len(subject)} characters, and {MOST} at most fit.'
    if body and body[0]:
        yield f'"{subject}" has no empty line below it.'
    for line in body:
        # What can't be wrapped: an address, or a quoted line of code.
        if len(line) > MOST and " " in line.strip() and not line.startswith("    "):
            yield f'"{line}" has {len(line)} characters: wrap the body at {MOST}.'


def _git(root: Path, *arguments: str) -> str:
    """Return what git prints; nothing where there is no git, or no repository."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


if __name__ == "__main__":
    sys.exit(main())
