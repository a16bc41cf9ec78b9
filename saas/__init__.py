"""Composition: settings, URL roots, the Celery app, health. Imported by nobody."""

from saas import scrubbing
from saas.celery import app as celery_app

__all__ = ["celery_app"]

# Before any setting is read: what Python prints of one that is malformed quotes it.
scrubbing.install()
