"""A user's own profile and picture."""

from django.urls import path

from accounts.profiles import views

account_pages = [
    path("", views.profile, name="profile"),
    path("picture/", views.change_picture, name="change-picture"),
    path("picture/remove/", views.remove_picture, name="remove-picture"),
    path("picture/<uuid:user_id>/", views.picture, name="picture"),
]
