"""Refusals of the lifecycle's services."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _, ngettext

from tenants.organisations.errors import TenantError

if TYPE_CHECKING:
    pass


class SubdomainQuarantinedError(TenantError):
    """The name's tenant was deleted, and the name is quarantined until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.sentence = _(
            "This address was in use until recently and is reserved until %(date)s. Choose "
            "another one."
        ) % {"date": date_format(localtime(until), "DATE_FORMAT")}


class TooManyUnverifiedError(TenantError):
    """An address has reached its limit of unconfirmed workspaces."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.sentence = ngettext(
            "You have opened %(count)d workspace whose address isn't confirmed yet. Enter the "
            "code that we mailed you there, then open another one.",
            "You have opened %(count)d workspaces whose addresses aren't confirmed yet. Enter "
            "the code that we mailed you in one of them, then open another one.",
            count,
        ) % {"count": count}


class TenantStateError(TenantError):
    """The tenant is in the state already, or can't change to it from its present one."""

    def __init__(self, *, name: str, state: str) -> None:
        super().__init__()
        self.sentence = _("“%(name)s” is in that state already: %(state)s.") % {
            "name": name,
            "state": state,
        }


class TenantGoneError(TenantError):
    """The tenant was deleted meanwhile."""

    sentence = _("This workspace is gone already.")


class TenantBusyError(TenantError):
    """A transaction uses the schema, or a backup copies it: it can't be dropped now."""

    sentence = _(
        "A transaction or a backup is using it at this moment. Suspend it, then try again."
    )
