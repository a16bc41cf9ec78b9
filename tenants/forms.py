"""What visitors type: sign-up and find."""

import uuid
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.names import MAX_NAME, validate_display_name
from accounts.passwords import refuse_names
from tenants import names
from tenants.errors import NameInvalidError, NameReservedError


class SignUpForm(forms.Form):
    """Everything it takes to open an organisation."""

    organization = forms.CharField(
        label=_("Organisation"),
        max_length=MAX_NAME,
        validators=[validate_display_name],
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    subdomain = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=names.MAX_LENGTH,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    full_name = forms.CharField(
        label=_("Your name"),
        max_length=MAX_NAME,
        validators=[validate_display_name],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        help_text=_("At least 10 characters. A few words in a row are easy to remember."),
        # What was typed survives an error; the page is never cached.
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "new-password"}),
    )
    terms = forms.BooleanField(
        label=_("I accept the terms"),
        error_messages={"required": _("Accept the terms to go on.")},
    )
    # Nobody sees this field; whoever fills it in is a program.
    website = forms.CharField(required=False, label=_("Leave this empty"))
    opening_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def clean_subdomain(self) -> str:
        typed = self.cleaned_data["subdomain"]
        if not typed:
            self._suggest_subdomain()
            raise ValidationError(_("Choose an address. Here is one that fits your name."))
        try:
            return names.parse(typed)
        except (NameInvalidError, NameReservedError) as error:
            raise ValidationError(error.sentence) from error

    def _suggest_subdomain(self) -> None:
        """Fill the field in for the next try: without JavaScript nobody else does."""
        suggestion = names.suggest(self.cleaned_data.get("organization", ""))
        self.data = {**dict(self.data.items()), "subdomain": suggestion}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        person = User(email=cleaned.get("email", ""), full_name=cleaned.get("full_name", ""))
        if password := cleaned.get("password"):
            try:
                validate_password(password, person)
                refuse_names(password, *self._typed_names(cleaned))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned

    @staticmethod
    def _typed_names(cleaned: dict[str, Any]) -> list[str]:
        return [cleaned.get("organization", ""), cleaned.get("subdomain", "")]

    @property
    def is_from_a_program(self) -> bool:
        return bool(self.data.get("website"))


class FindForm(forms.Form):
    """Whose workspaces are asked for."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )
