"""Notes of a tenant's members: a small product."""

from django.apps import AppConfig


class NotesConfig(AppConfig):
    name = "product.notes"
