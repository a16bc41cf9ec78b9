"""Refusals of sign-up."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from tenants.organisations.errors import TenantError

if TYPE_CHECKING:
    from collections.abc import Sequence


class NameTakenError(TenantError):
    """Another tenant has the name, perhaps since a moment ago."""

    sentence = _("This address is taken. Choose another one.")


class SignUpFieldError(TenantError):
    """A field that an app has added refuses its value. `field` is its name."""

    def __init__(self, field: str, messages: "Sequence[str]") -> None:
        super().__init__()
        self.field = field
        self.sentence = " ".join(messages)

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}"


class SignUpFieldUnknownError(TenantError):
    """A value was given for a field that no app has declared."""

    def __init__(self, names: "Sequence[str]", known: "Sequence[str]") -> None:
        super().__init__()
        declared = ", ".join(known) or "none"
        self.sentence = f"No sign-up field is called {', '.join(names)}. Declared: {declared}."
