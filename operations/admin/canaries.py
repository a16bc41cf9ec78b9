"""Canaries, the tenants that are migrated first, and the revision of each tenant's schema."""

from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.enums import ActionVariant

from operations.admin.base import action, confirmation, display
from operations.admin.changing import ChangingAdmin, fits
from tenancy import revisions
from tenants.lifecycle import services
from tenants.models import Tenant

CURRENT, BEHIND = "current", "behind"
STATES = {CURRENT: _("Up to date"), BEHIND: _("Behind")}
FIRST, OTHERS = "yes", "no"


class RevisionFilter(DropdownFilter):
    """Filters by the rows' `revision`; no schema is read."""

    title = _("schema")
    parameter_name = "schema"

    def lookups(self, *_args: Any) -> list[tuple[str, Any]]:
        return list(STATES.items())

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Tenant]) -> QuerySet[Tenant]:
        at_target = Q(revision=str(revisions.target()))
        asked = {CURRENT: at_target, BEHIND: ~at_target}
        return queryset.filter(asked.get(self.value() or "", Q()))


class CanaryFilter(DropdownFilter):
    """Filters tenants that are marked as canaries or named in `CANARY_TENANTS`."""

    title = _("canary")
    parameter_name = "canary"

    def lookups(self, *_args: Any) -> list[tuple[str, Any]]:
        return [(FIRST, _("Yes")), (OTHERS, _("No"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Tenant]) -> QuerySet[Tenant]:
        goes_first = Q(is_canary=True) | Q(slug__in=settings.CANARY_TENANTS)
        asked = {FIRST: goes_first, OTHERS: ~goes_first}
        return queryset.filter(asked.get(self.value() or "", Q()))


class CanaryAdmin(ChangingAdmin):
    """Shows a tenant's migration state, and marks or unmarks it as a canary."""

    @display(
        description=_("Schema"),
        ordering="revision",
        label={CURRENT: "success", BEHIND: "warning"},
    )
    def schema(self, tenant: Tenant) -> tuple[str, Any]:
        state = _state_of(tenant)
        return state, STATES[state]

    @display(description=_("Revision"))
    def revision_text(self, tenant: Tenant) -> str:
        return " · ".join(filter(None, [str(STATES[_state_of(tenant)]), tenant.revision]))

    @display(description=_("Canary"), ordering="is_canary", label={FIRST: "info"})
    def goes_first(self, tenant: Tenant) -> tuple[str, Any] | None:
        is_first = tenant.is_canary or tenant.slug in settings.CANARY_TENANTS
        return (FIRST, _("Yes")) if is_first else None

    @display(description=_("Canary"))
    def canary(self, tenant: Tenant) -> Any:
        if tenant.slug in settings.CANARY_TENANTS:
            return _("Yes: CANARY_TENANTS names it")
        return _("Yes: its schema is migrated among the first") if tenant.is_canary else _("No")

    # --- Actions ---

    def has_mark_permission(self, _request: HttpRequest, object_id: Any = None) -> bool:
        return fits(object_id, is_canary=False)

    def has_unmark_permission(self, _request: HttpRequest, object_id: Any = None) -> bool:
        return fits(object_id, is_canary=True)

    @action(
        description=_("Mark as canary"),
        icon="flag",
        permissions=["mark"],
        dialog=confirmation(
            _("Mark this tenant as a canary?"),
            _("Its schema is migrated among the first. If that fails, no other is migrated."),
            _("Mark as canary"),
        ),
    )
    def mark_as_canary(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self.change_one(
            request, object_id, services.mark_as_canary, gettext("Marked as a canary.")
        )

    @action(
        description=_("Unmark as canary"),
        icon="outlined_flag",
        variant=ActionVariant.DEFAULT,
        permissions=["unmark"],
        dialog=confirmation(
            _("Unmark this tenant as a canary?"),
            _("Its schema is migrated with the others again."),
            _("Unmark as canary"),
        ),
    )
    def unmark_as_canary(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self.change_one(
            request, object_id, services.unmark_as_canary, gettext("Unmarked as a canary.")
        )


def _state_of(tenant: Tenant) -> str:
    return CURRENT if tenant.revision == str(revisions.target()) else BEHIND
