"""What stands in the log: the tenant, and no more of a refusal than its line."""

import logging

import pytest
from django.conf import settings
from structlog.stdlib import ProcessorFormatter

from tenancy.context import workspace_context


@pytest.fixture
def line():
    """Return what the log shows of a record with an exception behind it."""
    options = {**settings.LOGGING["formatters"]["structured"]}
    formatter = options.pop("()")(**options)
    assert isinstance(formatter, ProcessorFormatter)

    def write(name, level):
        refusal = PermissionError("not you")
        exc_info = (type(refusal), refusal, None)
        return formatter.format(logging.LogRecord(name, level, "", 0, "Said", None, exc_info))

    return write


def test_a_refused_request_leaves_no_traceback(line):
    assert "not you" not in line("django.request", logging.WARNING)


def test_a_broken_one_does(line):
    assert "not you" in line("django.request", logging.ERROR)
    assert "not you" in line("tasks.relay", logging.WARNING)


def test_a_line_names_the_schema_it_was_written_in(acme, globex, line):
    with workspace_context(acme):
        written = line("tasks.relay", logging.INFO)

    assert acme.schema_name in written
    assert globex.schema_name not in written


def test_a_link_that_resets_a_password_stands_in_no_line(line):
    path = "/accounts/password/reset/key/3f2a-c0ffee/"
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Gone: %s", (path,), None)
    options = {**settings.LOGGING["formatters"]["structured"]}

    written = options.pop("()")(**options).format(record)

    assert "c0ffee" not in written
    assert "/password/reset/key/…" in written
