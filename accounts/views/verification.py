"""Confirming one's address while signed in: allauth's code, sent and asked for."""

import contextlib
from http import HTTPStatus
from typing import Any

from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.utils import get_login_redirect_url, passthrough_next_redirect_url
from allauth.account.views import ConfirmEmailVerificationCodeView
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.permissions import is_verified, start_of
from accounts.requests import MemberRequest, TenantRequest


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def verify_email(request: MemberRequest) -> HttpResponse:
    """Lead to the page that takes the code. A POST sends a new one first."""
    if is_verified(request.user):
        messages.info(request, _("Your address is confirmed."))
        return redirect(get_login_redirect_url(request))
    if request.method == "POST":
        EmailVerificationProcess.initiate(
            request=request, user=request.user, email=request.user.email
        )
    elif EmailVerificationProcess.resume(request) is None:
        context = {"next": request.GET.get(REDIRECT_FIELD_NAME, "")}
        return render(request, "accounts/verify.html", context)
    page = reverse("account_email_verification_sent")
    return redirect(passthrough_next_redirect_url(request, page, REDIRECT_FIELD_NAME))


class CodeView(ConfirmEmailVerificationCodeView):
    """allauth's, which says what became of the codes, and leads on to where they come from."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead whoever has no code on its way, or one that is too old, to a new one."""
        user = request.user
        awaits_one = user.is_authenticated and not is_verified(user)
        if awaits_one and EmailVerificationProcess.resume(request) is None:
            return redirect("verify-email")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def _verify_form_valid(self, form: Any) -> HttpResponse:
        if self.stage and not self.stage.login.redirect_url:
            self.stage.login.redirect_url = start_of(self._process.user)
        response: HttpResponse = super()._verify_form_valid(form)
        return response

    def _verify_form_invalid(self, form: Any) -> HttpResponse:
        if self._process.record_invalid_attempt():
            context = self.get_context_data(form=form)
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return render(self.request, self.template_name, context, status=status)
        if self.request.user.is_authenticated:
            messages.error(self.request, _("Those were too many wrong codes. Send a new one."))
            address: str = self.passthrough_next_url(reverse("verify-email"))
            return redirect(address)
        sentence = _("Those were too many wrong codes. Sign in again, and we send a new one.")
        messages.error(self.request, sentence)
        return redirect("account_login")


enter_code = CodeView.as_view()


def send_code(request: TenantRequest, user: User) -> None:
    """Send somebody who has just come in their code; not at all if the last is seconds old."""
    with contextlib.suppress(ImmediateHttpResponse):
        EmailVerificationProcess.initiate(request=request, user=user, email=user.email)
