"""The console's pages of members, and what administrators do to them."""

from django.urls import path

from accounts.members import views

console_pages = [
    path("members/", views.members, name="members"),
    path("members/<uuid:user_id>/", views.member, name="member"),
    path("members/<uuid:user_id>/role/", views.change_role, name="change-role"),
    path("members/<uuid:user_id>/deactivate/", views.deactivate, name="deactivate"),
    path("members/<uuid:user_id>/reactivate/", views.reactivate, name="reactivate"),
]
