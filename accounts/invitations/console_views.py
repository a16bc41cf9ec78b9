"""Inviting members, and the actions on an open invitation."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.access.decorators import admins_action, admins_form, is_verified, verified_only
from accounts.access.requests import MemberRequest
from accounts.console.pages import attempt, sentence_of
from accounts.invitations import services
from accounts.invitations.forms import InviteForm
from accounts.invitations.models import Invitation
from accounts.users.errors import AccountError
from tasks import addresses
from tenancy.context import current_workspace
from tenancy.errors import RateLimitedError


@admins_form("members.invite")
def invite(request: MemberRequest) -> HttpResponseBase:
    """Invite one address or several. Unverified administrators are told why they can't."""
    if request.method == "POST":
        return _send(request)
    form = InviteForm(by=request.user, initial={"language": current_workspace().language})
    context = {"form": form, "may_act": is_verified(request.user)}
    return render(request, "console/invite.html", context)


def _send(request: MemberRequest) -> HttpResponse:
    form = InviteForm(request.POST, by=request.user)
    if form.is_valid():
        failed = _invite_each(request, form)
        if not failed:
            return redirect("console:members")
        form.keep(failed)
    context = {"form": form, "may_act": True}
    return render(request, "console/invite.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _invite_each(request: MemberRequest, form: InviteForm) -> dict[str, str]:
    """Invite each address separately; return the errors by address."""
    failed = {}
    role, language = form.cleaned_data["role"], form.cleaned_data["language"]
    for email in form.cleaned_data["addresses"]:
        try:
            services.invite(email=email, role=role, by=request.user, language=language)
        except ValidationError as error:
            failed[email] = error.messages[0]
        except (AccountError, RateLimitedError) as error:
            failed[email] = sentence_of(error)
        else:
            messages.success(
                request, _("%(email)s is invited.") % {"email": addresses.shown(email)}
            )
    return failed


@admins_action("members.invite", "console:members")
def resend(request: MemberRequest, invitation_id: str) -> HttpResponse:
    """Send an invitation again, with a new link."""
    invitation = _find(invitation_id)
    attempt(
        request,
        lambda: services.reinvite(invitation=invitation),
        done=_("A new invitation is on its way to %(email)s; the old link has ended.")
        % {"email": invitation},
    )
    return redirect("console:members")


@admins_form("members.invite")
@verified_only
def revoke(request: MemberRequest, invitation_id: str) -> HttpResponse:
    """Ask for confirmation, then revoke an invitation."""
    invitation = _find(invitation_id)
    if request.method != "POST":
        return render(request, "console/revoke.html", {"invitation": invitation})
    attempt(
        request,
        lambda: services.revoke(invitation=invitation),
        done=_("The invitation of %(email)s has ended.") % {"email": invitation},
    )
    return redirect("console:members")


def _find(invitation_id: str) -> Invitation:
    invitations = Invitation.objects.select_related("invited_by")
    return get_object_or_404(invitations, pk=invitation_id)
