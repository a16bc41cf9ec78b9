"""What the sign-in pages share: signing a user in, and refusing another signed-in user."""

from http import HTTPStatus

from allauth.account.utils import perform_login
from django.http import HttpResponse
from django.shortcuts import render

from accounts.access.requests import TenantRequest
from accounts.users.models import User


def sign_in(
    request: TenantRequest, user: User, *, to: str, email_verification: str | None = None
) -> HttpResponse:
    """Sign a user in through allauth, and redirect to `to`.

    allauth refuses deactivated users, and lists the session where it can be ended.
    """
    response: HttpResponse = perform_login(
        request, user, email_verification=email_verification, redirect_url=to
    )
    return response


def refuse_someone_else(request: TenantRequest, sentence: str) -> HttpResponse:
    """Show which user is signed in, instead of switching the session to another user."""
    context = {"sentence": sentence}
    return render(request, "accounts/someone_else.html", context, status=HTTPStatus.FORBIDDEN)


def without_referrer(response: HttpResponse) -> HttpResponse:
    """Keep a URL that holds a token out of referrers."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
