"""What the ways in share: signing somebody in, and refusing who is somebody else."""

from http import HTTPStatus

from allauth.account.utils import perform_login
from django.http import HttpResponse
from django.shortcuts import render

from accounts.models import User
from accounts.requests import TenantRequest


def sign_in(
    request: TenantRequest, user: User, *, to: str, email_verification: str | None = None
) -> HttpResponse:
    """Sign a person in through allauth, and lead on to `to`.

    Its way refuses the deactivated, and lists the session where it can be ended.
    """
    response: HttpResponse = perform_login(
        request, user, email_verification=email_verification, redirect_url=to
    )
    return response


def refuse_someone_else(request: TenantRequest, sentence: str) -> HttpResponse:
    """Say whose session this is, instead of changing hands behind their back."""
    context = {"sentence": sentence}
    return render(request, "accounts/someone_else.html", context, status=HTTPStatus.FORBIDDEN)


def without_referrer(response: HttpResponse) -> HttpResponse:
    """Keep an address that holds a token from travelling on."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
