"""The static files of stacks in production, collected once for a state of the code."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from dev.locks import Lock
from dev.paths import PACKAGES, ROOT, TESTS


def collected(collect: Callable[[Path], None]) -> Path:
    """Return the folder, which `collect` fills unless an earlier run or process has.

    Compressing takes half a minute of processor time. The folder is only read afterwards.
    """
    kept, fresh = TESTS / f"static-{_digest()}", TESTS / "static.new"
    lock = Lock(TESTS / "static.lock")
    lock.acquire(wait=True)
    try:
        if not kept.is_dir():
            for old in (*TESTS.glob("static-*"), fresh):
                shutil.rmtree(old, ignore_errors=True)
            collect(fresh)
            fresh.rename(kept)
    finally:
        lock.release()
    return kept


def _digest() -> str:
    """Return a digest of the project's own files, the packages' versions and the settings."""
    names = ("requirements/dev.txt", "saas/settings.py")
    own = (path for app in PACKAGES for path in sorted((ROOT / app).glob("**/static/**/*.*")))
    digest = hashlib.sha256()
    for path in (*(ROOT / name for name in names), *own):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
