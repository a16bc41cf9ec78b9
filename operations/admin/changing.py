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
        changed = unchanged = 0
        for tenant in tenants:
            try:
                with transaction.atomic():
                    change(tenant=tenant)
                    self.note(request, tenant, what)
            except TenantStateError:
                unchanged += 1
            else:
                changed += 1
        if changed:
            text = ngettext("%(count)d tenant: %(what)s", "%(count)d tenants: %(what)s", changed)
            messages.success(request, text % {"count": changed, "what": what})
        if unchanged:
            text = ngettext(
                "%(count)d tenant was in that state already.",
                "%(count)d tenants were in that state already.",
                unchanged,
            )
            messages.warning(request, text % {"count": unchanged})


def fits(object_id: Any, **state: Any) -> bool:
    """Whether the tenant is in the state that an action requires. True without an id."""
    return object_id is None or by_id(Tenant.objects.filter(**state), object_id).exists()
