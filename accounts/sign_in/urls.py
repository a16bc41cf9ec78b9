"""Sign-in pages, beside allauth's and in place of some."""

from django.urls import path

from accounts.sign_in import verification, views

sign_in_pages = [path("verify/", verification.verify_email, name="verify-email")]
# Under allauth's own names, for members and for operators.
allauth_replacements = [
    path("login/", views.sign_in, name="account_login"),
    path("password/reset/", views.ask_reset, name="account_reset_password"),
    path("confirm-email/", verification.enter_code, name="account_email_verification_sent"),
]
