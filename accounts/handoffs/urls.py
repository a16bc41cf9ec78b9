"""The page that takes a handoff."""

from django.urls import path

from accounts.handoffs import views

sign_in_pages = [path("handoff/", views.take_handoff, name="handoff")]
