"""Rules for users' names."""

import re
import unicodedata
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tasks import addresses

if TYPE_CHECKING:
    from accounts.users.models import User

MAX_NAME = 64
# Mail programs would turn a name that reads as an address into a link. The part before the
# dot may be an emoji: such domains exist.
_ADDRESS_LIKE = re.compile(r"://|@|[^\s.。][.。][^\W\d_]{2,}")
# Mail programs decode it wherever they find it (RFC 2047, section 2), to any name.
_ENCODED_WORD = "=?"
# Controls, formats (such as text direction), line breaks, private use, surrogates.
_UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"}


def validate_display_name(value: str) -> None:
    """Refuse names that could turn an e-mail into an advertisement.

    Raises `ValidationError` for control characters, line breaks, encoded words and addresses.
    """
    if _ENCODED_WORD in value or any(unicodedata.category(char) in _UNSEEN for char in value):
        raise ValidationError(_("Use letters, digits and spaces: no line breaks, no controls."))
    if _ADDRESS_LIKE.search(unicodedata.normalize("NFKC", value)):
        raise ValidationError(
            _("A name can't hold a web or mail address. Put a space after each dot.")
        )


def display(user: "User") -> str:
    """Return a user's name on pages: the full name, else the address."""
    return user.full_name or addresses.shown(user.email)
