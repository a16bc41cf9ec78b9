"""Rules for users' names."""

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import idna
from django.core.exceptions import ValidationError
from django.db import models
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
# Unlike an address, a name may hold spaces, and letters that are newer than Python's Unicode.
_UNSEEN = addresses.UNSEEN - {"Zs", "Cn"}
# Scripts such as Persian and Sinhala need them, and so do emoji of several parts.
_JOINERS = "\u200c\u200d"
# Emoji presentation, and the five colours of skin.
_EMOJI_VARIANTS = "\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
# Letters and symbols that are drawn as nothing: fillers of Hangul, an empty Braille cell.
_BLANK = set("\u115f\u1160\u2800\u3164\uffa0")


def validate_display_name(value: str) -> None:
    """Refuse invisible names, and names that could turn an e-mail into an advertisement.

    Raises `ValidationError` for control characters, line breaks, encoded words and addresses, and
    for a name without a visible character. Joiners are accepted where RFC 5892, A.1 and A.2, or
    UTS #51 allow them.
    """
    if _ENCODED_WORD in value:
        raise ValidationError(_("A name can't hold the characters “=?” together."))
    if any(_is_unseen(value, place) for place in range(len(value))):
        raise ValidationError(
            _("This holds a line break or an invisible character: type it instead of pasting it.")
        )
    if not any(_is_visible(character) for character in value):
        raise ValidationError(_("Use at least one visible character."))
    if _ADDRESS_LIKE.search(unicodedata.normalize("NFKC", value)):
        raise ValidationError(
            _("A name can't hold a web or mail address. Put a space after each dot.")
        )


class NameField(models.CharField):  # type: ignore[type-arg]  # Generic in the stubs alone.
    """A name, stored and searched in Unicode's NFC: one spelling of é finds the other.

    However it is written: by `save`, `bulk_create`, `bulk_update` or `update`.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        defaults = {"max_length": MAX_NAME, "validators": [validate_display_name]}
        super().__init__(*args, **{**defaults, **options})

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return unicodedata.normalize("NFC", prepared) if isinstance(prepared, str) else prepared

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.get_prep_value(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


def _is_unseen(text: str, place: int) -> bool:
    if text[place] in _JOINERS:
        return not (_joins_letters(text, place) or _joins_emoji(text, place))
    return unicodedata.category(text[place]) in _UNSEEN


def _joins_letters(text: str, place: int) -> bool:
    try:
        return idna.valid_contextj(text, place)
    except ValueError:  # The character before it is none that Unicode knows.
        return False


def _joins_emoji(text: str, place: int) -> bool:
    """Whether the joiner stands between two emoji, of which the first may be a variant."""
    before, after = text[:place].rstrip(_EMOJI_VARIANTS)[-1:], text[place + 1 : place + 2]
    return bool(before and after) and {*map(unicodedata.category, before + after)} == {"So"}


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CMZ" and character not in _BLANK


def display(user: "User") -> str:
    """Return a user's name on pages: the full name, else the address."""
    return user.full_name or addresses.shown(user.email)
