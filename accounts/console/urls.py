"""The console's pages about people and their mail."""

from django.urls import path

from accounts.console import changes, invitations, mail, members, overview

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("members/", members.members, name="members"),
    path("members/invite/", invitations.invite, name="invite"),
    path("members/<uuid:user_id>/", members.member, name="member"),
    path("members/<uuid:user_id>/role/", changes.change_role, name="change-role"),
    path("members/<uuid:user_id>/deactivate/", changes.deactivate, name="deactivate"),
    path("members/<uuid:user_id>/reactivate/", changes.reactivate, name="reactivate"),
    path(
        "invitations/<uuid:invitation_id>/resend/",
        invitations.resend,
        name="invitation-resend",
    ),
    path(
        "invitations/<uuid:invitation_id>/revoke/",
        invitations.revoke,
        name="invitation-revoke",
    ),
    path("mail/", mail.mail, name="mail"),
    path("mail/<uuid:message_id>/", mail.message, name="message"),
    path("mail/<uuid:message_id>/letter/", mail.letter, name="message-letter"),
    path("mail/<uuid:message_id>/resend/", mail.resend, name="message-resend"),
]
