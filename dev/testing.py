"""`python -m dev test`: pytest on servers of its own, which nothing outlives."""

import contextlib
import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dev import foreground, keys, messages, postgres, servers
from dev.binaries import postgres_programs
from dev.environment import mail_environment, over, service_environment
from dev.locks import Lock
from dev.mailcatcher import process as mailcatcher
from dev.paths import PACKAGES, ROOT, TESTS
from dev.progress import say

MIGRATE = "tests.template"
MIGRATED = "migrated"
# What the migrated database doesn't depend on: modules and packages that answer requests.
PRESENTATION = {"admin", "console", "emails", "forms", "templatetags", "urls", "views"}

# The suite without what takes long, one pytest process a core, in random order.
EVERYTHING = ("-n", str(os.cpu_count() or 1), "-m", "not long")


def main(arguments: list[str]) -> int:
    """Run pytest, on all but the long tests unless told otherwise, and pass its exit code on."""
    messages.compile_all()
    if not arguments:
        say("Leaves out the tests marked `long`: name them to run them, as .ci/run does.")
    with folder() as place, environment(place, migrated(place)) as variables:
        command = [sys.executable, "-m", "pytest", *(arguments or EVERYTHING)]
        return foreground.run(command, over(os.environ, variables))


@contextlib.contextmanager
def environment(
    place: Path, own_keys: keys.Keys, *, is_throwaway: bool = True
) -> Iterator[dict[str, str]]:
    """What tests read, with servers on the folder's data for as long as the block runs."""
    with (
        servers.running(place, own_keys, os.environ, is_throwaway=is_throwaway) as started,
        mailcatcher.running(place, place / "mail") as catcher,
    ):
        yield over(
            service_environment("test", own_keys, started),
            mail_environment(catcher.mail),
            # Files belong below the run's folder, not in the development's `var/`.
            {
                "MEDIA_ROOT": str(place / "media"),
                "STATIC_ROOT": str(place / "static"),
                "BEAT_SCHEDULE": str(place / "beat" / "schedule"),
            },
            {"MIGRATED_CLUSTER": str(place / MIGRATED)},
            {"DATABASE_ADMIN_URL": started.administrator_url, "BASE_ORIGIN": "http://localhost"},
        )


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder for one run, so that two runs in a checkout don't meet; removed at the end."""
    gate = Lock(TESTS / "lock")
    gate.acquire(wait=True)
    _sweep()
    place = Path(tempfile.mkdtemp(prefix="run-", dir=TESTS))
    own = Lock(place / "lock")
    own.acquire()
    gate.release()
    try:
        yield place
    finally:
        _remove(place)
        own.release()


def migrated(place: Path) -> keys.Keys:
    """Make the run's cluster from the kept one, and return keys that open it.

    The first run of a state of the code migrates, and keeps its cluster for those that follow. A
    database that DATABASE_URL names is left to the tests themselves. `MIGRATED` in the folder is
    one more copy, for tests that start a server of their own.
    """
    if "DATABASE_URL" in os.environ or not (ROOT / f"{MIGRATE.replace('.', '/')}.py").exists():
        return keys.fresh()
    kept = TESTS / f"template-{_digest()}"
    lock = Lock(TESTS / "template.lock")
    lock.acquire(wait=True)
    try:
        own_keys = _restore(kept, place) if kept.is_dir() else _migrate(place, kept)
    finally:
        lock.release()
    postgres.save(place, place / MIGRATED)
    return own_keys


def _restore(kept: Path, place: Path) -> keys.Keys:
    postgres.restore(kept / "postgres", place)
    old = keys.kept(kept / "secrets.json")
    return dataclasses.replace(
        keys.fresh(),
        administrator_password=old.administrator_password,
        service_password=old.service_password,
    )


def _migrate(place: Path, kept: Path) -> keys.Keys:
    """Keep nothing where migrating fails: the tests that need the database show why."""
    say("Migrating the tests' database: once, and again when models or migrations change.")
    fresh = TESTS / "template.new"
    shutil.rmtree(fresh, ignore_errors=True)
    own_keys = keys.kept(fresh / "secrets.json")
    with environment(place, own_keys) as variables:
        command = [sys.executable, "-m", MIGRATE]
        done = subprocess.run(command, cwd=ROOT, env=over(os.environ, variables), check=False)
    if done.returncode == 0:
        postgres.save(place, fresh / "postgres")
        fresh.rename(kept)
        for old in {*TESTS.glob("template-*")} - {kept}:
            old.rename(fresh)  # If the process dies here, no half of it passes for a kept one.
            shutil.rmtree(fresh)
    return own_keys


def _digest() -> str:
    """Return a digest of all that the migrated database may depend on."""
    digest = hashlib.sha256(str(postgres_programs()).encode())
    for path in _sources():
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    yield from (ROOT / name for name in ("requirements/dev.txt", "dev/postgres.py"))
    yield ROOT / "tests" / "template.py"
    for app in PACKAGES:
        for path in sorted((ROOT / app).rglob("*.*")):
            words = {*path.relative_to(ROOT).parent.parts, path.stem}
            if path.suffix in {".py", ".sql"} and not words & PRESENTATION:
                yield path


def _sweep() -> None:
    """Remove killed runs' folders: a run's lock is free only if the run was killed."""
    for place in TESTS.glob("run-*"):
        lock = Lock(place / "lock")
        if lock.acquire():
            say("Removing what a killed test run left behind.")
            _remove(place)
            lock.release()


def _remove(place: Path) -> None:
    servers.end_orphans(place)
    postgres.erase(place)
    shutil.rmtree(place, ignore_errors=True)
