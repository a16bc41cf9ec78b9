"""Password validation: a password must not be made of the workspace's name."""

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tenancy.context import current_workspace
from tenancy.errors import TenantMissingError

# A single character is part of every password.
MIN_WORD = 2
# How many characters may be left without the names, as in `acme2026acme`.
MAX_REST = 6


class WorkspaceNameValidator:
    """Refuse a password that is little more than the workspace's name (NIST 800-63B, 3.1.1.2).

    Outside any workspace, as at sign-up, there is nothing to compare with: the form calls
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
    """Return a name as one word, and its separate words."""
    words = [_plain(name), *(_plain(word) for word in re.split(r"[\W_]+", name))]
    return [word for word in words if len(word) >= MIN_WORD]


def _plain(text: str) -> str:
    """Return a text's letters and digits, in lower case."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
