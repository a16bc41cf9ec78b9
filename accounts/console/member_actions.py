"""What administrators do to members: change the role, deactivate, reactivate."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.console.forms import RoleForm
from accounts.console.pages import attempt, changing, console_page
from accounts.models import Role, User
from accounts.permissions import verified_only
from accounts.requests import MemberRequest


@changing("console:member", "user_id")
def change_role(request: MemberRequest, user_id: str) -> HttpResponse:
    """Give a member another role."""
    person = get_object_or_404(User, pk=user_id)
    form = RoleForm(request.POST, by=request.user)
    if not form.is_valid():
        messages.error(request, _("Choose one of the roles."))
        return redirect("console:member", person.pk)
    role = Role(form.cleaned_data["role"])
    attempt(
        request,
        lambda: services.change_role(user=person, role=role, by=request.user),
        done=_("%(name)s now has the role “%(role)s”.") % {"name": person, "role": role.label},
    )
    return redirect("console:member", person.pk)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
@verified_only
def deactivate(request: MemberRequest, user_id: str) -> HttpResponse:
    """Ask for confirmation, then deactivate a member."""
    person = get_object_or_404(User, pk=user_id)
    if request.method != "POST":
        return render(request, "console/deactivate.html", {"person": person})
    attempt(
        request,
        lambda: services.deactivate(user=person, by=request.user),
        done=_("%(name)s is deactivated and signed out everywhere.") % {"name": person},
    )
    return redirect("console:member", person.pk)


@changing("console:member", "user_id")
def reactivate(request: MemberRequest, user_id: str) -> HttpResponse:
    """Let a deactivated member sign in again."""
    person = get_object_or_404(User, pk=user_id)
    attempt(
        request,
        lambda: services.reactivate(user=person, by=request.user),
        done=_("%(name)s can sign in again.") % {"name": person},
    )
    return redirect("console:member", person.pk)
