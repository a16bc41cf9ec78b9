"""The Celery app: `celery -A saas worker`, `celery -A saas beat`."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import after_task_publish, beat_init, setup_logging, worker_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")

app = Celery("saas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Leave logging to Django's settings: Celery sets up none if a receiver is connected."""


@worker_init.connect
@beat_init.connect
def check_keys(**_: Any) -> None:
    """Refuse to start with missing or weak keys."""
    from saas.keys import refuse_weak_keys  # After the apps, and their checks, are loaded.

    refuse_weak_keys()


@worker_ready.connect
def fill_the_spare_schemas(sender: Any, **_: Any) -> None:
    """Fill the schema pool for the first sign-ups of a new service: beat does so a minute later."""
    sender.app.send_task("tenancy.jobs.fill_pool", expires=60)


@beat_init.connect
def show_that_beat_beats(sender: Any, **_: Any) -> None:
    """Touch a file beside the schedule with each task that beat sends; bin/healthcheck reads it.

    The schedule's own file doesn't show that beat runs: its database writes at irregular times.
    """
    alive = Path(f"{sender.schedule_filename}.alive")

    @after_task_publish.connect(weak=False)
    def touch(**_: Any) -> None:
        alive.touch()
