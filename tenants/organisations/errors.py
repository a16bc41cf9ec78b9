"""The base of the refusals of this app, and those of names."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class TenantError(Exception):
    """The base of this app's refusals. `sentence` is shown to the user."""

    sentence: "StrOrPromise" = _("That can't be done.")

    def __str__(self) -> str:
        return str(self.sentence)


class NameInvalidError(TenantError):
    """The name can't be a subdomain."""

    sentence = _(
        "Use 3 to 40 letters (a to z), digits and single hyphens, with a letter or digit at "
        "both ends."
    )


class NameReservedError(TenantError):
    """The name is reserved for the service."""

    sentence = _("This address is reserved. Choose another one.")
