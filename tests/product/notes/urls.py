"""The pages of notes."""

from django.urls import path
from product.notes import views

home_pages = [path("", views.notes, name="home")]
member_pages = [
    path("notes/", views.notes, name="notes"),
    path("notes/<uuid:pk>/attachment/", views.attachment, name="note-attachment"),
    path("notes/<uuid:pk>/delete/", views.delete, name="delete-note"),
]
console_pages = [path("settings/notes/", views.settings, name="settings-notes")]
