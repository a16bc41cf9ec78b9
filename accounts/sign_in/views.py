"""allauth's sign-in pages with our limits: typed values stay, and the wait is shown."""

from typing import Any

from allauth.account.views import LoginView, PasswordResetView
from django.forms import Form
from django.http import HttpResponse

from accounts.access.client_ip import too_often, with_retry_after
from accounts.sign_in.login_throttling import spend_reset
from tenancy.errors import RateLimitedError


class SignInView(LoginView):
    """allauth's view, which refuses too many attempts with a 429."""

    def form_invalid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        for refusal in form.errors.as_data().get("__all__", []):
            if refusal.code == "too_many_login_attempts" and refusal.params:
                return with_retry_after(response, refusal.params["refusal"])
        return response


class AskResetView(PasswordResetView):
    """allauth's view, which refuses a client for its own requests, never for other clients'."""

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            form.is_wanted = spend_reset(self.request, form.cleaned_data["email"])
        except RateLimitedError as error:
            form.add_error(None, too_often(error))
            return with_retry_after(self.form_invalid(form), error)
        response: HttpResponse = super().form_valid(form)
        return response


sign_in = SignInView.as_view()
ask_reset = AskResetView.as_view()
