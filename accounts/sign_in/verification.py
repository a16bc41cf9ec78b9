"""Confirming an address while signed in: allauth's code, sent and entered."""

import contextlib
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification_by_code import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
    EmailVerificationProcess,
)
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

from accounts.access.client_ip import too_often, with_retry_after
from accounts.access.decorators import is_verified, start_of
from accounts.access.requests import MemberRequest, TenantRequest
from accounts.sign_in.login_throttling import spend_code
from accounts.users.models import User
from tenancy.context import is_public
from tenancy.errors import RateLimitedError


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def verify_email(request: MemberRequest) -> HttpResponse:
    """Redirect to the page that takes the code. A POST sends a new code first."""
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
    """allauth's view, which reports what became of a code, and leads to where codes are sent."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Redirect a user without a valid code to the page that sends a new one."""
        user = request.user
        # Operators have no page that sends one: allauth redirects them to their addresses.
        is_member = not is_public() and user.is_authenticated
        if is_member and EmailVerificationProcess.resume(request) is None:
            if not is_verified(user):
                return redirect("verify-email")
            if request.method == "POST":
                # A second click: the code was entered a moment ago.
                return redirect(start_of(user))
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def _verify_form_valid(self, form: Any) -> HttpResponse:
        if self.stage and not self.stage.login.redirect_url and not is_public():
            self.stage.login.redirect_url = start_of(self._process.user)
        response: HttpResponse
        if not self._process.email_address.verified:
            response = super()._verify_form_valid(form)
        # The first of two equal requests has confirmed it: redirect as that one did.
        elif self.stage:
            response = self.stage.exit()
        else:
            self.request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY, None)
            response = redirect(get_adapter().get_email_verification_redirect_url(None))
        return response

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Count the attempt before the check: concurrent requests get no more than sequential."""
        if self._action == "verify":
            try:
                has_one_left = spend_code(
                    self._process.state.get("user_id", ""), self._process.code
                )
            except RateLimitedError as error:
                # Says when to retry, and nothing about the submitted code.
                messages.error(request, too_often(error))
                context = self.get_context_data(form=self.get_form_class()())
                return with_retry_after(render(request, self.template_name, context), error)
            if not has_one_left:
                self._process.abort()
                return self._too_many()
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def _verify_form_invalid(self, form: Any) -> HttpResponse:
        if self._process.record_invalid_attempt():
            context = self.get_context_data(form=form)
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return render(self.request, self.template_name, context, status=status)
        return self._too_many()

    def _too_many(self) -> HttpResponse:
        if self.request.user.is_authenticated and not is_public():
            messages.error(self.request, _("Those were too many wrong codes. Send a new one."))
            address: str = self.passthrough_next_url(reverse("verify-email"))
            return redirect(address)
        sentence = _("Those were too many wrong codes. Sign in again, and we send a new one.")
        messages.error(self.request, sentence)
        return redirect("account_login")


enter_code = CodeView.as_view()


def send_code(request: TenantRequest, user: User) -> None:
    """Send a newly signed-in user their code; none when the last one is seconds old."""
    with contextlib.suppress(ImmediateHttpResponse):
        EmailVerificationProcess.initiate(request=request, user=user, email=user.email)
