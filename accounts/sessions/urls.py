"""A user's actions on their own sessions."""

from django.urls import path

from accounts.sessions import views

account_pages = [path("sessions/<int:session_id>/end/", views.end_session, name="end-session")]
