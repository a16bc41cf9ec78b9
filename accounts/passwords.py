"""What a password must not be made of: the name of the place that it opens."""

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tasks.errors import TenantMissingError
from tasks.workspace import current_workspace

# A single letter is part of every password.
MIN_WORD = 2
# What may be left once the names are taken out, as in `acme2026acme`.
MAX_REST = 6


class WorkspaceNameValidator:
    """Refuse a password that is little more than the workspace's name (NIST 800-63B, 3.1.1.2).

    Outside any workspace, as at sign-up, there is nothing to compare with: the form asks
    `refuse_names` itself.
    """

    def validate(self, password: str, user: Any = None) -> None:
        try:
            workspace = current_workspace()
        except TenantMissingError:
            return
        host = urlsplit(workspace.origin).hostname or ""
        refuse_names(password, workspace.name, host.partition(".")[0])

    def get_help_text(self) -> str:
        return _("Your password can't be made of the workspace's name.")


def refuse_names(password: str, *names: str) -> None:
    """Raise `ValidationError` for a password that is made of these names."""
    rest = plain = _plain(password)
    words = {word for name in names for word in _words(name)}
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    if rest != plain and len(rest) <= MAX_REST:
        sentence = _("This password is made of the workspace's name. Choose another one.")
        raise ValidationError(sentence, code="workspace_name")


def _words(name: str) -> list[str]:
    """Return a name as one word, and its words."""
    words = [_plain(name), *(_plain(word) for word in re.split(r"[\W_]+", name))]
    return [word for word in words if len(word) >= MIN_WORD]


def _plain(text: str) -> str:
    """Return what counts of a text: letters and digits, in lower case."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
