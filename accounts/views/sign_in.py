"""allauth's ways in, with our limits: what was typed stays, and the wait is said."""

from typing import Any

from allauth.account.views import LoginView, PasswordResetView
from django.forms import Form
from django.http import HttpResponse

from accounts.clients import too_often, with_retry_after
from accounts.tries import spend_reset
from tasks.errors import RateLimitedError


class SignInView(LoginView):
    """allauth's, whose refusal of too many tries is one by its status as well."""

    def form_invalid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        for refusal in form.errors.as_data().get("__all__", []):
            if refusal.code == "too_many_login_attempts" and refusal.params:
                return with_retry_after(response, refusal.params["refusal"])
        return response


class AskResetView(PasswordResetView):
    """allauth's, which refuses who asks too often, and nobody for what others ask."""

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
