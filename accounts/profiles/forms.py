"""Forms of the profile and its picture."""

from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.translation import get_language, gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField
from phonenumbers import SUPPORTED_REGIONS

from accounts.profiles import services
from accounts.profiles.models import Profile
from accounts.profiles.pictures import reencode
from accounts.users.forms import DisplayNameField
from accounts.users.models import User

REGIONS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic Ocean"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific Ocean"),
}


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # Generic in the stubs alone.
    """A user's own data: fields of the profile, and some of the user."""

    PERSON = ("full_name", "language", "time_zone")

    full_name = DisplayNameField(
        label=_("Full name"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"))

    class Meta:
        model = Profile
        fields = (
            "job_title", "phone_number", "country", "postal_code", "region", "locality",
            "address_line_1", "address_line_2",
        )  # fmt: skip
        labels = {
            "address_line_1": _("Street and number"),
            "address_line_2": _("Building, floor, door"),
        }
        help_texts = {
            "phone_number": _("With its country's code, or as it is dialled in the country below."),
        }
        error_messages = {
            "phone_number": {
                "invalid": _(
                    "This is no phone number we know. Write it with the country's code, "
                    "like +82 2 312 3456."
                )
            }
        }

    def __init__(self, data: Any = None, *, user: User) -> None:
        profile = user.profile
        initial = {
            "full_name": user.full_name,
            # The language of the page: an unchanged form doesn't change the language.
            "language": get_language(),
            "time_zone": user.time_zone,
            "phone_number": profile.phone_number and profile.phone_number.as_international,
        }
        super().__init__(data, instance=profile, initial=initial)
        self.user = user
        zones = cast("forms.ChoiceField", self.fields["time_zone"])
        zones.choices = time_zones(user.time_zone)
        # Numbers are accepted as they are dialled in the country, and in any notation.
        country = self.data.get("country")
        phone = cast("PhoneNumberField", self.fields["phone_number"])
        phone.region = country if country in SUPPORTED_REGIONS else None
        # The column holds E.164's 16 characters; a typed number may contain spaces.
        phone.max_length = phone.widget.attrs["maxlength"] = 40
        for name, token in AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = token

    def save(self, commit: bool = True) -> Profile:
        data = self.cleaned_data
        services.change_profile(
            user=self.user,
            person={name: data[name] for name in self.PERSON},
            details={name: data[name] for name in self.Meta.fields},
        )
        return self.user.profile


# WHATWG HTML, section 4.10.18.7: the autofill tokens of these fields.
AUTOCOMPLETE = {
    "job_title": "organization-title",
    "phone_number": "tel",
    "country": "country",
    "postal_code": "postal-code",
    "region": "address-level1",
    "locality": "address-level2",
    "address_line_1": "address-line1",
    "address_line_2": "address-line2",
}


class PictureForm(forms.Form):
    """An uploaded picture; cleaning re-encodes it."""

    picture = forms.FileField(
        label=_("New picture"),
        help_text=_("PNG, JPEG or WebP, at most 2 MB. We cut it to a square."),
        error_messages={"required": _("Choose a picture first.")},
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )

    def clean_picture(self) -> "ContentFile[bytes]":
        return reencode(self.cleaned_data["picture"], max_bytes=settings.PICTURE_MAX_BYTES)


def time_zones(present: str) -> list[Any]:
    """Return the time zones by continent, with the user's current one among them."""
    names = sorted(available_timezones() | {present})
    groups = [
        (
            label,
            # Each labelled with its city.
            [
                (name, name.removeprefix(f"{region}/").replace("_", " "))
                for name in names
                if name.startswith(f"{region}/")
            ],
        )
        for region, label in REGIONS.items()
    ]
    known = {name for _region, zones in groups for name, _label in zones} | {"UTC"}
    others = [] if present in known else [(present, present)]
    return [("UTC", "UTC"), *others, *groups]
