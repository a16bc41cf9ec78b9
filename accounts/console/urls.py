"""The console's pages for members and their messages."""

from django.urls import path

from accounts.console import invitations, mail, member_actions, members, overview

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("members/", members.members, name="members"),
    path("members/invite/", invitations.invite, name="invite"),
    path("members/<uuid:user_id>/", members.member, name="member"),
    path("members/<uuid:user_id>/role/", member_actions.change_role, name="change-role"),
    path("members/<uuid:user_id>/deactivate/", member_actions.deactivate, name="deactivate"),
    path("members/<uuid:user_id>/reactivate/", member_actions.reactivate, name="reactivate"),
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
