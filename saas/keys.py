"""Refuse to start serving processes with missing or weak keys."""

import sys

from django.core.checks import Tags, run_checks


def refuse_weak_keys() -> None:
    """End the process, with the reasons, if a check of the keys fails.

    `manage.py` runs all checks itself; gunicorn and Celery run none.
    """
    errors = [error for error in run_checks(tags=[Tags.security]) if error.is_serious()]
    if found := [f"{error.id}: {error.msg}" for error in errors]:
        sys.exit("\n".join(found))
