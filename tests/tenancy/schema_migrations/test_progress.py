"""The progress: a bar that keeps to its line on a terminal, whole lines elsewhere."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

from tenancy.schema_migrations.report import Progress


@pytest.mark.parametrize("columns", [80, 40])
def test_on_a_terminal_a_bar_keeps_to_its_line(release, acme, globex, columns):
    release.add_field("0900_colour")

    said = said_on_a_terminal(release, columns)

    drawn, _, rest = said.partition("\r\n")
    bars = drawn.split("\r")[1:]
    assert len(bars) >= 2
    assert all(len(bar) <= columns for bar in bars)
    assert bars[-1].startswith("2 of 2 schemas")
    assert ("█████" in bars[-1]) == (columns == 80)
    assert rest.startswith("Migrated 2 schemas")


def said_on_a_terminal(release, columns):
    """Run the command on a pseudo-terminal of such a width, and return all that it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    # As many columns as the terminal says.
    process = release.start(stdin=theirs, stdout=theirs, stderr=theirs, COLUMNS="0")
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        said = b"".join(iter(lambda: _read(terminal), b""))
    assert process.wait(timeout=60) == 0, said.decode()
    return said.decode()


def _read(terminal):
    try:
        return terminal.read(1024)
    except OSError:
        return b""  # So a terminal ends under Linux.


def test_elsewhere_it_is_whole_lines(release, acme, globex):
    release.add_field("0900_colour")

    process = release.start(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, errors = process.communicate(timeout=60)

    assert process.returncode == 0, errors
    assert out.startswith("Migrated 2 schemas")
    told = r"  2 of 2 schemas, [ \d.]+/s, 00:00 left"
    assert re.fullmatch(told, errors.splitlines()[-1])
    assert "\r" not in errors
    assert "█" not in errors


def test_it_never_counts_more_than_there_are():
    """A look may come when a step is committed and not yet counted."""
    progress = Progress(io.StringIO())
    progress.set_left(3)
    progress.step()
    progress.set_left(1)
    for _ in range(2):
        progress.step()

    assert str(progress).startswith("3 of 3 schemas")


def test_what_others_do_and_who_comes_meanwhile_counts():
    progress = Progress(io.StringIO())
    progress.set_left(10)
    progress.step()
    progress.set_left(4)
    assert str(progress).startswith("6 of 10 schemas")

    progress.set_left(12)
    assert str(progress).startswith("1 of 13 schemas")


def test_a_run_with_nothing_to_do_writes_no_progress():
    stream = io.StringIO()
    progress = Progress(stream)
    progress.set_left(0)
    progress.end()

    assert stream.getvalue() == ""
