"""Forms of members."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.invitations.forms import roles_within_reach
from accounts.users.models import User


class RoleForm(forms.Form):
    """The new role of a member."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_within_reach(by)  # type: ignore[attr-defined]  # A ChoiceField has them.
