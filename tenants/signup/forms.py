"""The form that opens an organisation."""

import uuid
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.users.forms import DisplayNameField, EmailField, NewPersonForm
from accounts.users.passwords import refuse_names
from tenants.organisations import names
from tenants.organisations.errors import NameInvalidError, NameReservedError
from tenants.signup.added_fields import sign_up_fields


class SignUpForm(NewPersonForm):
    """All data that opening an organisation requires, and the fields that apps add."""

    field_order = ("organization", "subdomain", "full_name", "email", "password", "terms")

    organization = DisplayNameField(
        label=_("Organisation"),
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
    email = EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    # A honeypot: visitors don't see this field, only a program fills it in.
    website = forms.CharField(required=False, label=_("Leave this empty"))
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update({each.name: each.field() for each in sign_up_fields})

    @property
    def added_fields(self) -> list[forms.BoundField]:
        """The visible fields that apps add, in their order."""
        added = (self[each.name] for each in sign_up_fields)
        return [field for field in added if not field.is_hidden]

    @property
    def extra(self) -> dict[str, Any]:
        """The cleaned values of the fields that apps add."""
        return {each.name: self.cleaned_data[each.name] for each in sign_up_fields}

    def clean_subdomain(self) -> str:
        typed = self.cleaned_data["subdomain"]
        if not typed:
            suggestion = names.suggest(self.cleaned_data.get("organization", ""))
            # For the next attempt, as without JavaScript nothing else fills the field in. The copy
            # keeps the lists of fields with several values.
            self.data = cast("dict[str, Any]", self.data).copy()
            self.data["subdomain"] = suggestion
            raise ValidationError(_("Choose an address. Here is one that fits your name."))
        try:
            return names.parse(typed)
        except (NameInvalidError, NameReservedError) as error:
            raise ValidationError(error.sentence) from error

    def judge_password(self, password: str, cleaned: dict[str, Any]) -> None:
        super().judge_password(password, cleaned)
        refuse_names(password, cleaned.get("organization", ""), cleaned.get("subdomain", ""))

    @property
    def is_from_a_program(self) -> bool:
        return bool(self.data.get("website"))
