"""Sign-in and verification pages that allauth doesn't have."""

from django.urls import path

from accounts.views import handoff, invitations, verification

urlpatterns = [
    path("handoff/", handoff.take_handoff, name="handoff"),
    path("invitation/", invitations.accept_invitation, name="invitation"),
    path("verify/", verification.verify_email, name="verify-email"),
]
