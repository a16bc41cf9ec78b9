"""The tenant's settings."""

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.forms import model_to_dict
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.access.decorators import admins_form, is_verified
from accounts.access.requests import MemberRequest
from tenancy.context import current_workspace
from tenants.organisations.models import Tenant
from tenants.settings import services
from tenants.settings.forms import SettingsForm

FIELDS = ("name", "language", "time_zone")


@admins_form("settings.change")
def settings(request: MemberRequest) -> HttpResponseBase:
    """Show the settings, and save them for administrators with a confirmed address."""
    if request.method == "POST":
        return _save(request)
    tenant, may_act = cast("Tenant", current_workspace()), is_verified(request.user)
    form = SettingsForm(initial=model_to_dict(tenant, FIELDS), may_act=may_act)
    return render(request, "console/settings.html", {"form": form, "may_act": may_act})


def _save(request: MemberRequest) -> HttpResponse:
    tenant = cast("Tenant", current_workspace())
    form = SettingsForm(request.POST, initial=model_to_dict(tenant, FIELDS), may_act=True)
    if not form.is_valid():
        form.fields["name"].widget.attrs["autofocus"] = form.has_error("name")
        context = {"form": form, "may_act": True}
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "console/settings.html", context, status=status)
    services.change(tenant=tenant, **form.cleaned_data)
    messages.success(request, _("Saved."))
    return redirect("console:settings")
