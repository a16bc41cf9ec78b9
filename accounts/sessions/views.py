"""A user's own sessions."""

from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from accounts.access.decorators import members_action
from accounts.access.requests import MemberRequest


@members_action("usersessions_list")
def end_session(request: MemberRequest, session_id: int) -> HttpResponse:
    """Sign a user out on one of their devices, which may be this one."""
    session = get_object_or_404(UserSession, pk=session_id, user=request.user)
    end_sessions(request, [session])
    messages.success(request, _("The session is ended."))
    return redirect("usersessions_list")
