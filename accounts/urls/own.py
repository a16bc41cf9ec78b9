"""Self-service: what users may change about themselves."""

from django.urls import path

from accounts.views import profile

app_name = "accounts"

urlpatterns = [
    path("", profile.profile, name="profile"),
    path("picture/", profile.change_picture, name="change-picture"),
    path("picture/remove/", profile.remove_picture, name="remove-picture"),
    path("picture/<uuid:user_id>/", profile.picture, name="picture"),
    path("sessions/<int:session_id>/end/", profile.end_session, name="end-session"),
]
