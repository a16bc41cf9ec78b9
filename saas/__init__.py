"""Composition: settings, URL roots, the Celery app, health. No other package imports it."""

from saas import redaction
from saas.celery import app as celery_app

__all__ = ["celery_app"]

# Before any setting is read: the traceback of a malformed one quotes it.
redaction.install()
