"""Pages that replace allauth's, under its names: for members and operators."""

from django.urls import path

from accounts.views import sign_in, verification

urlpatterns = [
    path("login/", sign_in.sign_in, name="account_login"),
    path("password/reset/", sign_in.ask_reset, name="account_reset_password"),
    path("confirm-email/", verification.enter_code, name="account_email_verification_sent"),
]
