"""What people are called, and what their names may not hold."""

import re
import unicodedata
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User

MAX_NAME = 64
MAX_ADDRESS = 254
# A name that reads as an address would become a link in somebody's mail program. What stands
# before the dot may be an emoji: there are such domains.
_ADDRESS_LIKE = re.compile(r"://|@|[^\s.。][.。][^\W\d_]{2,}")
# What mail programs decode wherever they find it (RFC 2047, section 2): any name at all.
_ENCODED_WORD = "=?"
# Controls, formats (such as turning the direction), line breaks, private use, surrogates.
_UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"}


def validate_display_name(value: str) -> None:
    """Refuse names that could turn a letter into an advertisement.

    Raises `ValidationError` for control characters, line breaks and web addresses.
    """
    if _ENCODED_WORD in value or any(unicodedata.category(char) in _UNSEEN for char in value):
        raise ValidationError(_("Use letters, digits and spaces: no line breaks, no controls."))
    if _ADDRESS_LIKE.search(unicodedata.normalize("NFKC", value)):
        raise ValidationError(
            _("A name can't hold a web or mail address. Put a space after each dot.")
        )


def normalise_email(email: str) -> str:
    """Return an address as it is kept: trimmed, in lower case, in Unicode's NFC."""
    return unicodedata.normalize("NFC", email.strip()).lower()


def clean_email(email: str) -> str:
    """Return an address as it is kept. Raises `ValidationError` for what is none by then.

    In lower case and NFC an address may have grown: it is judged as it would be kept.
    """
    kept = normalise_email(email)
    if len(kept) > MAX_ADDRESS:
        raise ValidationError(_("This address is too long: use one of at most 254 characters."))
    validate_email(kept)
    return kept


def display(user: "User") -> str:
    """Return what a user is called on a page: the name, else the address."""
    return user.full_name or user.email
