"""Forms to invite, and to join by invitation."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.access.permissions import has_permission
from accounts.users.forms import NewPersonForm
from accounts.users.models import Role, User
from tasks import addresses

MAX_ADDRESSES = 20
_BETWEEN = re.compile(r"[\s,;]+")


def roles_within_reach(user: User) -> list[tuple[str, Any]]:
    """Return the roles that a user may give, the lowest first: only owners make owners."""
    choices = list(reversed(Role.choices))
    if has_permission(user, "owners.change"):
        return choices
    return [pair for pair in choices if pair[0] != Role.OWNER]


class InviteForm(forms.Form):
    """Addresses to invite, all with one role."""

    addresses = forms.CharField(
        label=_("E-mail addresses"),
        max_length=MAX_ADDRESSES * 256,
        help_text=_("Several at once: one in each line, or with commas between them."),
        widget=forms.Textarea(
            attrs={
                "rows": 4,
                "autocapitalize": "none",
                "autofocus": True,
                "inputmode": "email",
                "spellcheck": "false",
            }
        ),
    )
    role = forms.ChoiceField(label=_("Role"), initial=Role.MEMBER)
    language = forms.ChoiceField(label=_("Language of the e-mail"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_within_reach(by)  # type: ignore[attr-defined]  # A ChoiceField has them.

    def clean_addresses(self) -> list[str]:
        """Return each address once, in the order typed.

        An invalid one is refused when it is invited, and prevents no invitation to the others.
        """
        typed = filter(None, _BETWEEN.split(self.cleaned_data["addresses"]))
        found = list(dict.fromkeys(addresses.normalise(address) for address in typed))
        if not found:
            raise ValidationError(_("Type at least one address."))
        if len(found) > MAX_ADDRESSES:
            raise ValidationError(
                _("Those are %(many)d addresses: invite at most %(most)d at once."),
                params={"many": len(found), "most": MAX_ADDRESSES},
            )
        return found

    def keep(self, failed: dict[str, str]) -> None:
        """Leave the addresses that could not be invited in the field, each with its error."""
        self.data = {**self.data, "addresses": "\n".join(failed)}
        for address, sentence in failed.items():
            self.add_error("addresses", f"{address[:80]}: {sentence}")


class InvitationForm(NewPersonForm):
    """Joining by invitation. The address is the invitation's, and can't be changed."""

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email
        self.fields["full_name"].widget.attrs["autofocus"] = True

    def judge_password(self, password: str, cleaned: dict[str, Any]) -> None:
        super().judge_password(password, {**cleaned, "email": self.email})
