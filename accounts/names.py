"""What people are called, and what their names may not hold."""

import re
import unicodedata
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User

MAX_NAME = 64
# A name that reads as an address would become a link in somebody's mail program.
_ADDRESS_LIKE = re.compile(r"://|@|\w[.。][^\W\d_]{2,}")


def validate_display_name(value: str) -> None:
    """Refuse names that could turn a letter into an advertisement.

    Raises `ValidationError` for control characters, line breaks and web addresses.
    """
    if any(unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"} for char in value):
        raise ValidationError(_("Use letters, digits and spaces: no line breaks, no controls."))
    if _ADDRESS_LIKE.search(unicodedata.normalize("NFKC", value)):
        raise ValidationError(
            _("A name can't hold a web or mail address. Put a space after each dot.")
        )


def normalise_email(email: str) -> str:
    """Return an address as it is kept: trimmed, in lower case, in Unicode's NFC."""
    return unicodedata.normalize("NFC", email.strip()).lower()


def display(user: "User") -> str:
    """Return what a user is called on a page: the name, else the address."""
    return user.full_name or user.email
