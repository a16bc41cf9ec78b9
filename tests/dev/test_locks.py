"""One holder at a time, and none that is dead."""

import os
import subprocess
import sys

import pytest

from dev.locks import Lock

HOLD = """
import sys, time
from pathlib import Path
from dev.locks import Lock
lock = Lock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def test_a_second_holder_is_refused_and_learns_who_the_first_is(holder, tmp_path):
    lock = Lock(tmp_path / "lock")

    assert not lock.acquire()
    assert lock.holder() == str(holder.pid)


def test_a_killed_holder_locks_nobody_out(holder, tmp_path):
    lock = Lock(tmp_path / "lock")
    holder.kill()
    holder.wait()

    assert lock.acquire()
    lock.release()


def test_a_file_that_names_a_living_process_is_no_lock(tmp_path):
    lock = Lock(tmp_path / "lock")
    lock.path.write_text(f"{os.getppid()}\n")

    assert lock.acquire()
    lock.release()


def test_an_unreadable_holder_is_unknown(tmp_path):
    assert Lock(tmp_path / "missing").holder() == "unknown"
