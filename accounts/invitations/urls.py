"""Invitations: the page that accepts one, and the console's actions."""

from django.urls import path

from accounts.invitations import console_views, views

sign_in_pages = [path("invitation/", views.accept_invitation, name="invitation")]
console_pages = [
    path("members/invite/", console_views.invite, name="invite"),
    path(
        "invitations/<uuid:invitation_id>/resend/", console_views.resend, name="invitation-resend"
    ),
    path(
        "invitations/<uuid:invitation_id>/revoke/", console_views.revoke, name="invitation-revoke"
    ),
]
