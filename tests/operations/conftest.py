"""What the tests of commands share."""

import io
import sys

import pytest


@pytest.fixture
def piped(monkeypatch):
    """Put words into standard input, where no terminal is."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))
