"""Django app of background work: outbox, relay, e-mail deliveries."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TasksConfig(AppConfig):
    name = "tasks"
    verbose_name = _("Outbox")

    def ready(self) -> None:
        """Register the checks and the Celery tasks: autodiscovery would miss the deliveries."""
        import_module("tasks.checks")
        import_module("tasks.deliveries")
        import_module("tasks.jobs")
