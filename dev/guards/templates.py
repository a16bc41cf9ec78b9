"""The guards for what browsers and readers get: templates, styles, scripts, drawings."""

import re
from collections.abc import Iterator

from dev.guards.findings import Finding

# An XML namespace is a name that looks like an address, and is never fetched.
NAMESPACE = re.compile(r"""xmlns(:\w+)?=["'][^"']*["']|["']http://www\.w3\.org/[^"']*["']""")
COMMENT = re.compile(r"\{#[^\n]*?#\}|\{% comment\b.*?\{% endcomment %\}", re.DOTALL)

MARKUP = {
    # A script with neither file nor nonce, a handler in an attribute, an address that is code.
    "inline-script": re.compile(
        r"<script\b(?![^>]*\b(?:src|nonce)=)[^>]*>|<[^>]*\son[a-z]+\s*=|javascript:", re.IGNORECASE
    ),
    "inline-style": re.compile(
        r"<style\b(?![^>]*\bnonce=)[^>]*>|<[^<>]*\sstyle\s*=", re.IGNORECASE
    ),
    "script-name": re.compile(r"\brequest\.(path|get_full_path|build_absolute_uri)\b"),
    "unescaped": re.compile(r"\|\s*safe(?:seq)?\b|\{%\s*autoescape\s+off\b"),
}
REMOTE = re.compile(r"""\bhttps?://\w|["'(]//\w|\bwss?://\w""", re.IGNORECASE)


def findings(path: str, text: str) -> Iterator[Finding]:
    """Each place of a file that a rule refuses; what stands in a comment is not sent."""
    is_template = "/templates/" in path
    text = NAMESPACE.sub(_blank, text)
    text = COMMENT.sub(_blank, text) if is_template else text
    rules = MARKUP if is_template or path.endswith(".svg") else {}
    for rule, pattern in {"remote-address": REMOTE, **rules}.items():
        for match in pattern.finditer(text):
            yield Finding(path, text.count("\n", 0, match.start()) + 1, rule)


def _blank(match: re.Match[str]) -> str:
    """Leave the lines, so that what follows keeps its number."""
    return "\n" * match.group().count("\n")
