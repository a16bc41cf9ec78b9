"""The console's pages of onboarding messages."""

from django.urls import path

from accounts.messages import views

console_pages = [
    path("messages/", views.messages, name="messages"),
    path("messages/<uuid:message_id>/", views.message, name="message"),
    path("messages/<uuid:message_id>/content/", views.content, name="message-content"),
    path("messages/<uuid:message_id>/resend/", views.resend, name="message-resend"),
]
