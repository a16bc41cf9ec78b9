"""Accepting an invitation: from the e-mail's link to a signed-in member."""

from http import HTTPStatus

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access.requests import TenantRequest
from accounts.invitations import services
from accounts.invitations.errors import (
    AlreadyMemberError,
    InvitationAcceptedError,
    InvitationGoneError,
)
from accounts.invitations.forms import InvitationForm
from accounts.invitations.models import Invitation
from accounts.sign_in.entry import refuse_someone_else, sign_in, without_referrer
from accounts.users.errors import AccountError
from accounts.users.models import User

# The session keeps the token, so that no URL and no history holds it.
SESSION_KEY = "invitation"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: TenantRequest) -> HttpResponse:
    """Show the inviter and the role, and make the visitor a member when the form is valid."""
    token = request.GET.get("token") or request.session.get(SESSION_KEY, "")
    try:
        invitation = services.find_invitation(token=token)
    except InvitationGoneError as error:
        return without_referrer(_gone(request, error))
    if request.user.is_authenticated:
        sentence = _("The invitation is for %(email)s.") % {"email": invitation}
        return without_referrer(refuse_someone_else(request, sentence))
    if "token" in request.GET:
        request.session[SESSION_KEY] = token
        return without_referrer(redirect("invitation"))
    return _answer(request, invitation, token)


def _answer(request: TenantRequest, invitation: Invitation, token: str) -> HttpResponse:
    form = InvitationForm(request.POST or None, email=invitation.email)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "invitation": invitation}
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
        return render(request, "accounts/invitation.html", context, status=status)
    try:
        user = services.accept_invitation(
            token=token,
            full_name=form.cleaned_data["full_name"],
            # Hashed before the transaction: hashing takes long, and would hold locks there.
            password_hash=make_password(form.cleaned_data["password"]),
            language=get_language() or settings.LANGUAGE_CODE,
        )
    except (InvitationGoneError, AlreadyMemberError) as error:
        return _gone(request, error)
    del request.session[SESSION_KEY]
    messages.success(request, _("Welcome! Your account is ready."))
    return sign_in(request, user, to=reverse("home"))


def _joined_just_now(request: TenantRequest) -> User | None:
    """Return the user that this very form has just created, in a request with a lost answer.

    The session is lost with it. The password identifies the user, and counts as an attempt.
    """
    email = services.accepted_just_now(invitation_id=request.POST.get("invitation", ""))
    if not email:
        return None
    password = request.POST.get("password", "")
    try:
        user: User | None = get_adapter().authenticate(request, email=email, password=password)
    except ValidationError:
        return None
    return user


def _gone(request: TenantRequest, error: AccountError) -> HttpResponse:
    """Redirect a new member to the start, as after a second click; show the error to others."""
    request.session.pop(SESSION_KEY, None)
    if request.user.is_authenticated and "token" not in request.GET:
        return redirect("home")
    if user := _joined_just_now(request):
        return sign_in(request, user, to=reverse("home"))
    is_accepted = isinstance(error, InvitationAcceptedError)
    context = {"sentence": error.sentence, "is_accepted": is_accepted}
    return render(request, "accounts/invitation_gone.html", context, status=HTTPStatus.GONE)
