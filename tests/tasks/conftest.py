"""A real mail server, and runs of the worker loop of ten minutes."""

import pytest

from tasks import relay
from tests.faulty_smtp import FaultySMTP


@pytest.fixture
def server(settings, monkeypatch):
    """The mail server that receives all e-mails of the test, over SMTP."""
    # A run is long enough for a few messages, however busy the machine is.
    monkeypatch.setattr(relay, "RUN_SECONDS", 600)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    with FaultySMTP() as running:
        settings.EMAIL_PORT = running.port
        yield running
