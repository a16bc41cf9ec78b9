"""The members' page of ${names}."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.access.decorators import admins_action, members_action, members_page
from accounts.access.permissions import has_permission
from accounts.access.requests import MemberRequest
from product.${app} import services
from product.${app}.forms import ${Model}Form
from product.${app}.models import ${Model}


@members_page
def ${models}(request: MemberRequest) -> HttpResponse:
    """List the ${names}, newest first, and a form to add one."""
    return render(request, "${app}/list.html", _context(request, ${Model}Form()))


@members_action("${path}")
def add(request: MemberRequest) -> HttpResponse:
    """Add a ${name}."""
    form = ${Model}Form(request.POST)
    if not form.is_valid():
        return render(request, "${app}/list.html", _context(request, form), status=422)
    services.add_${model}(name=form.cleaned_data["name"], user=request.user)
    return redirect("${path}")


@admins_action("${app}.delete", "${path}")
def delete(_request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete a ${name}."""
    get_object_or_404(${Model}, pk=pk).delete()
    return redirect("${path}")


def _context(request: MemberRequest, form: ${Model}Form) -> dict[str, Any]:
    return {
        "form": form,
        "${models}": ${Model}.objects.order_by("-added_at"),
        "may_delete": has_permission(request.user, "${app}.delete"),
    }
