"""A real mail server, and turns that last."""

import pytest

from tasks import relay
from tests.faulty_smtp import FaultySMTP


@pytest.fixture
def server(settings, monkeypatch):
    """The mail server that all letters of the test go to, over SMTP."""
    # A turn is long enough for a few letters, however busy the machine is.
    monkeypatch.setattr(relay, "RUN_SECONDS", 600)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    with FaultySMTP() as running:
        settings.EMAIL_PORT = running.port
        yield running
