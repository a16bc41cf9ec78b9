"""Ways in that allauth doesn't have."""

from django.urls import path

from accounts.views import handoff, invitations, verification

urlpatterns = [
    path("handoff/", handoff.take_handoff, name="handoff"),
    path("invitation/", invitations.accept_invitation, name="invitation"),
    # In the place of allauth's, under its name.
    path("confirm-email/", verification.enter_code, name="account_email_verification_sent"),
    path("verify/", verification.verify_email, name="verify-email"),
]
