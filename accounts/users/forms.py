"""Form fields of a new user."""

import unicodedata
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from accounts.users.names import MAX_NAME, validate_display_name
from tasks import addresses


class EmailField(forms.EmailField):
    """An e-mail address, returned as it is stored: see `tasks.addresses.canonical`."""

    # Django's own would judge the address as it is typed.
    default_validators = []

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": addresses.MAX_ADDRESS, **options})

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value)
        return addresses.canonical(typed) if typed else ""


class DisplayNameField(forms.CharField):
    """A name of a person or an organisation, in Unicode's NFC: which may be longer than typed."""

    default_validators = [validate_display_name]

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": MAX_NAME, **options})

    def to_python(self, value: Any) -> str:
        return unicodedata.normalize("NFC", super().to_python(value) or "")


class NewPersonForm(forms.Form):
    """A new user: a name, the terms, and a password that isn't the name."""

    full_name = DisplayNameField(
        label=_("Your name"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        help_text=_("At least 10 characters. A few words in a row are easy to remember."),
        # The typed password survives an error; the page is never cached.
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "new-password"}),
    )
    terms = forms.BooleanField(
        label=_("I accept the terms"),
        error_messages={"required": _("Accept the terms to go on.")},
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if password := cleaned.get("password"):
            try:
                self.judge_password(password, cleaned)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned

    def judge_password(self, password: str, cleaned: dict[str, Any]) -> None:
        """Raise `ValidationError` on a password that is too easy for this user."""
        person = User(email=cleaned.get("email", ""), full_name=cleaned.get("full_name", ""))
        validate_password(password, person)
