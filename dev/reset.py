"""`python -m dev reset`: back to a fresh checkout's state; refuses while a stack is up."""

import shutil
from pathlib import Path

from dev import postgres, servers, stack
from dev.paths import LOCK, RUN, TESTS, VAR
from dev.progress import say

# Test runs clean up after themselves, and may be running now.
KEPT = {LOCK, TESTS, VAR / "bootstrap.lock"}


def main() -> int:
    with stack.held("reset"):
        servers.end_orphans(RUN)
        postgres.erase(RUN)
        for path in VAR.iterdir():
            if path not in KEPT:
                _remove(path)
    say("The development database, mail, uploads and secrets are gone.")
    return 0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
