"""The new owner's sign-in: from the base host's sign-up to the tenant's own host."""

from allauth.account.utils import get_login_redirect_url
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.access.decorators import is_verified
from accounts.access.requests import TenantRequest
from accounts.handoffs import services
from accounts.handoffs.errors import HandoffRefusedError
from accounts.sign_in.entry import refuse_someone_else, sign_in, without_referrer
from accounts.sign_in.verification import send_code


@never_cache
@require_GET
def take_handoff(request: TenantRequest) -> HttpResponse:
    """Sign the new owner in, once, and redirect to the console without the token.

    Refused while another user is signed in here: the token is spent all the same, as a link
    that was opened in the wrong browser is void. HEAD is not allowed, so that a link checker
    doesn't spend the token.
    """
    try:
        user = services.consume_handoff(token=request.GET.get("token", ""))
    except HandoffRefusedError as error:
        return without_referrer(_refuse(request, error))
    console = reverse("console:overview")
    if request.user == user:
        response: HttpResponse = redirect(console)
    elif request.user.is_authenticated:
        sentence = _("The link you followed belongs to another user, and can't be used any more.")
        response = refuse_someone_else(request, sentence)
    else:
        # The only sign-in without a verified address: the owner has just typed it.
        response = sign_in(request, user, to=console, email_verification="none")
        if not is_verified(user):
            send_code(request, user)
    return without_referrer(response)


def _refuse(request: TenantRequest, error: HandoffRefusedError) -> HttpResponse:
    """Redirect a signed-in user onwards, as after a second click; others to the sign-in."""
    if request.user.is_authenticated:
        return redirect(get_login_redirect_url(request))
    messages.warning(request, str(error))
    return redirect("account_login")
