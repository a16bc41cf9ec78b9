"""The form of a workspace's settings."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.profiles.forms import time_zones
from accounts.users.forms import DisplayNameField


class SettingsForm(forms.Form):
    """The name, the language and the time zone of a workspace."""

    name = DisplayNameField(
        label=_("Name"),
        help_text=_("Shown on every page and in every e-mail. The subdomain stays as it is."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("For invitations, unless you choose another one there."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Nightly tasks follow it. Members choose their own in their profile."),
    )

    def __init__(self, *args: Any, may_act: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present: str = self.initial.get("time_zone", "UTC")
        zones = cast("forms.ChoiceField", self.fields["time_zone"])
        zones.choices = time_zones(present)
        if self.is_bound:
            # A page of the previous release doesn't send it.
            self.data = {"time_zone": present, **dict(self.data.items())}
        for field in self.fields.values():
            field.disabled = not may_act
