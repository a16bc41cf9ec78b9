"""Accepting an invitation: from the letter's link to a member who is signed in."""

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

from accounts import services
from accounts.errors import (
    AccountError,
    AlreadyMemberError,
    InvitationAcceptedError,
    InvitationGoneError,
)
from accounts.forms import InvitationForm
from accounts.models import Invitation, User
from accounts.requests import TenantRequest
from accounts.views.entry import refuse_someone_else, sign_in, without_referrer

# The token waits in the session, so that it stands in no address and no history.
SESSION_KEY = "invitation"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: TenantRequest) -> HttpResponse:
    """Show who invites to what, and make a member of who fills the form in."""
    token = request.GET.get("token") or request.session.get(SESSION_KEY, "")
    try:
        invitation = services.find_invitation(token=token)
    except InvitationGoneError as error:
        return without_referrer(_gone(request, error))
    if request.user.is_authenticated:
        sentence = _("The invitation is for %(email)s.") % {"email": invitation.email}
        return without_referrer(refuse_someone_else(request, sentence))
    if "token" in request.GET:
        request.session[SESSION_KEY] = token
        return without_referrer(redirect("invitation"))
    return _answer(request, invitation, token)


def _answer(request: TenantRequest, invitation: Invitation, token: str) -> HttpResponse:
    form = InvitationForm(request.POST or None, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        return _accept(request, form, token)
    context = {"form": form, "invitation": invitation}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "accounts/invitation.html", context, status=status)


def _accept(request: TenantRequest, form: InvitationForm, token: str) -> HttpResponse:
    try:
        user = services.accept_invitation(
            token=token,
            full_name=form.cleaned_data["full_name"],
            # Hashed before the transaction: it takes long, and holds no lock this way.
            password_hash=make_password(form.cleaned_data["password"]),
            language=get_language() or settings.LANGUAGE_CODE,
        )
    except (InvitationGoneError, AlreadyMemberError) as error:
        return _gone(request, error)
    del request.session[SESSION_KEY]
    messages.success(request, _("Welcome! Your account is ready."))
    return sign_in(request, user, to=reverse("home"))


def _joined_just_now(request: TenantRequest) -> User | None:
    """Return who has joined by this very form, in a request whose answer never came.

    Its session is gone with that answer. The password says who it is, and counts as a try.
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
    """Lead who has just joined to the start, as after a second click; say it to others."""
    request.session.pop(SESSION_KEY, None)
    if request.user.is_authenticated and "token" not in request.GET:
        return redirect("home")
    if user := _joined_just_now(request):
        return sign_in(request, user, to=reverse("home"))
    is_accepted = isinstance(error, InvitationAcceptedError)
    context = {"sentence": error.sentence, "is_accepted": is_accepted}
    return render(request, "accounts/invitation_gone.html", context, status=HTTPStatus.GONE)
