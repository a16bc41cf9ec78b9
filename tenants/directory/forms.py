"""The form that finds workspaces."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.users.forms import EmailField


class FindForm(forms.Form):
    """The address to find workspaces for."""

    email = EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )
