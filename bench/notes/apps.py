"""Registers the app under a short name."""

from django.apps import AppConfig


class NotesConfig(AppConfig):
    name = "bench.notes"
    label = "notes"
    default_auto_field = "django.db.models.BigAutoField"
