"""Composition: settings, URL roots, the Celery app, health. Imported by nobody."""

from saas.celery import app as celery_app

__all__ = ["celery_app"]
