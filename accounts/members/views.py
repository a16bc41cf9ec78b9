"""The workspace's members: the list, and a page for each."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.access.decorators import (
    admins_action,
    admins_form,
    admins_page,
    is_verified,
    verified_only,
)
from accounts.access.errors import NotAllowedError
from accounts.access.permissions import has_permission
from accounts.access.requests import MemberRequest
from accounts.console.pages import attempt, show_list
from accounts.console.pagination import Order, a_moment, page_of
from accounts.invitations.models import Invitation
from accounts.members import services
from accounts.members.filters import MemberFilter
from accounts.members.forms import RoleForm
from accounts.messages.entries import history_of
from accounts.users.models import Role, User

NEWEST_INVITATIONS = Order("created_at", a_moment, descending=True)
# How many open invitations stand above the members; the others have a page of their own.
AT_THE_TOP = 5


@admins_page("members.view")
def members(request: MemberRequest) -> HttpResponse:
    """List the members and open invitations that match the filter."""
    # Not by a join: where the database sorts, it would join all matching rows to show a few.
    chosen = MemberFilter(request.GET, User.objects.prefetch_related("profile"))
    context = {
        "filter": chosen,
        "may_act": is_verified(request.user),
        "is_moved": bool(request.GET.keys() & {"after", "before"}),
        **_lists(chosen, request),
    }
    return show_list(request, "console/members.html", "console/_people.html", context)


def _lists(chosen: MemberFilter, request: MemberRequest) -> dict[str, Any]:
    if not chosen.shows_members:
        page = page_of(_invitations(chosen), NEWEST_INVITATIONS, query=request.GET)
        return {"page": page, "invitations": page.rows, "only_invitations": True}
    page = page_of(chosen.people, chosen.order, query=request.GET)
    lists: dict[str, Any] = {"page": page, "members": page.rows}
    # The newest invitations stand on the first page only.
    if chosen.shows_invitations and not page.before:
        newest = page_of(_invitations(chosen), NEWEST_INVITATIONS, query={}, size=AT_THE_TOP)
        lists |= {"invitations": newest.rows, "has_more_invitations": bool(newest.after)}
    return lists


def _invitations(chosen: MemberFilter) -> Any:
    return chosen.invitations().select_related("invited_by")


@admins_page("members.view")
def member(request: MemberRequest, user_id: str) -> HttpResponse:
    """Show one member, the possible actions, and the messages sent to the member."""
    person = get_object_or_404(User.objects.select_related("profile"), pk=user_id)
    context = {
        "person": person,
        "profile": person.profile,
        "is_confirmed": is_verified(person),
        "role_form": RoleForm(by=request.user, initial={"role": person.role}),
        "out_of_reach": _out_of_reach(person, request.user),
        "may_act": is_verified(request.user),
        "entries": history_of(person, list(Invitation.objects.filter(email=person.email))),
    }
    return render(request, "console/member.html", context)


def _out_of_reach(person: User, by: User) -> str:
    """Return why `by` can't change a person; empty when the services would allow it."""
    if person.pk != by.pk:
        is_allowed = not person.is_owner or has_permission(by, "owners.change")
        return "" if is_allowed else str(NotAllowedError.sentence)
    if not person.is_owner:
        return _("You can't change your own role. An owner can.")
    if not User.objects.active().owners().exclude(pk=person.pk).exists():
        return _("You are the only owner. Make another member an owner first.")
    return _("You can't change your own role. Another owner can.")


@admins_action("members.change", "console:member", "user_id")
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


@admins_form("members.change")
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


@admins_action("members.change", "console:member", "user_id")
def reactivate(request: MemberRequest, user_id: str) -> HttpResponse:
    """Let a deactivated member sign in again."""
    person = get_object_or_404(User, pk=user_id)
    attempt(
        request,
        lambda: services.reactivate(user=person, by=request.user),
        done=_("%(name)s can sign in again.") % {"name": person},
    )
    return redirect("console:member", person.pk)
