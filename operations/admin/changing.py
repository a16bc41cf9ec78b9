"""Changing one or many tenants through a service, each on its own and logged in its history."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import ngettext

from operations.admin.base import ReadOnlyAdmin, back_to, by_id
from tenants.lifecycle.errors import TenantStateError
from tenants.models import Tenant


class ChangingAdmin(ReadOnlyAdmin):
    """A list and a page of tenants, with the code that their actions share."""

    def change_one(
        self, request: HttpRequest, object_id: str, change: Callable[..., None], what: str
    ) -> HttpResponse:
        """Change the page's tenant and redirect to the page."""
        self.change_many(request, by_id(Tenant.objects.all(), object_id), change, what)
        return back_to(request, reverse("admin:tenants_tenant_change", args=[object_id]))

    def change_many(
        self,
        request: HttpRequest,
        tenants: QuerySet[Tenant],
        change: Callable[..., None],
        what: str,
    ) -> None:
        """Change each tenant in its own transaction.

        Shows how many changed, and how many were in that state already.
        """
        outcomes = [self._change(request, tenant, change, what) for tenant in tenants]
        if changed := outcomes.count(True):
            said = ngettext("%(count)d tenant: %(what)s", "%(count)d tenants: %(what)s", changed)
            messages.success(request, said % {"count": changed, "what": what})
        if left := outcomes.count(False):
            said = ngettext(
                "%(count)d tenant was in that state already.",
                "%(count)d tenants were in that state already.",
                left,
            )
            messages.warning(request, said % {"count": left})

    def _change(
        self, request: HttpRequest, tenant: Tenant, change: Callable[..., None], what: str
    ) -> bool:
        try:
            with transaction.atomic():
                change(tenant=tenant)
                self.note(request, tenant, what)
        except TenantStateError:
            return False
        return True


def fits(object_id: Any, **state: Any) -> bool:
    """Whether the tenant is in the state that an action requires. True without an id."""
    return object_id is None or by_id(Tenant.objects.filter(**state), object_id).exists()
