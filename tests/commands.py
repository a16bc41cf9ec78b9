"""Running management commands, as an operator does."""

import io
import subprocess
import sys

from django.conf import settings
from django.core.management import call_command


def run(name, *arguments, **options):
    """Return what a command says on stdout, with what it says beside it kept apart."""
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def manage(*arguments):
    """Run manage.py as a process of its own: Django sets its logging up once a process."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
