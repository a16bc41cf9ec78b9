"""The form of a workspace's settings."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.users.names import MAX_NAME, validate_display_name


class SettingsForm(forms.Form):
    """The name and the language of a workspace."""

    name = forms.CharField(
        label=_("Name"),
        max_length=MAX_NAME,
        validators=[validate_display_name],
        help_text=_("Shown on every page and in every e-mail. The subdomain stays as it is."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("For invitations, unless you choose another one there."),
    )

    def __init__(self, *args: Any, may_act: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.disabled = not may_act
