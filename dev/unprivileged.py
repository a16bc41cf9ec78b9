"""Runs PostgreSQL's programs as an account other than root, as which they refuse to run."""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.errors import StackError
from dev.progress import say

NAMESPACE = ("unshare", "--user", "--map-user=1000", "--")
SHARED_TEMP = Path("/var/tmp")  # noqa: S108 -- What stands there has to be our own.


@dataclass(frozen=True)
class Footing:
    """Which programs run, on which folder, and as which account."""

    programs: Path
    data: Path
    prefix: tuple[str, ...] = ()
    account: pwd.struct_passwd | None = None

    def popen(self, program: str, *args: str, **options: Any) -> "subprocess.Popen[bytes]":
        command = [*self.prefix, str(self.programs / program), *args]
        return subprocess.Popen(command, cwd="/", **self._identity(), **options)

    def adopt(self, path: Path) -> None:
        """Give a file or folder to the account that the programs run as."""
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def _identity(self) -> dict[str, Any]:
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}


def footing(programs: Path, data: Path) -> Footing:
    """A user namespace leaves owners and permissions alone; without one, `nobody` needs copies."""
    if os.geteuid() != 0:
        return Footing(programs, data)
    if namespace_works(programs, data.parent):
        return Footing(programs, data, prefix=NAMESPACE)
    account = pwd.getpwnam("nobody")
    home = outside_folder(data)
    say(
        "PostgreSQL doesn't run as root and user namespaces are not allowed here, "
        f"so it runs as `nobody`, with its programs and data in {home}."
    )
    _own_folder(home)
    runnable = programs if _can_run(account, programs) else _copy_programs(programs, home)
    moved = Footing(runnable, home / "data" / "cluster", account=account)
    moved.data.parent.mkdir(mode=0o700, exist_ok=True)
    moved.adopt(moved.data.parent)
    return moved


def namespace_works(programs: Path, folder: Path) -> bool:
    """Whether a process in a user namespace can run the programs and write to the folder."""
    probe = ["sh", "-c", '"$0" --version && test -w "$1"', str(programs / "initdb"), str(folder)]
    try:
        done = subprocess.run([*NAMESPACE, *probe], capture_output=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def outside_folder(data: Path) -> Path:
    """Where the data goes when `nobody` can't be expected to reach the checkout."""
    digest = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    return SHARED_TEMP / f"saas-{digest}"


def _own_folder(home: Path) -> None:
    """Anyone may write to /var/tmp, so a folder that stands there already has to be ours."""
    home.mkdir(mode=0o755, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.geteuid():
        raise StackError(f"{home} belongs to another user. Remove it, then try again.")
    home.chmod(0o755)


def _can_run(account: pwd.struct_passwd, programs: Path) -> bool:
    try:
        probe = Footing(programs, programs, account=account).popen(
            "initdb", "--version", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return False
    return probe.wait(10) == 0


def _copy_programs(programs: Path, home: Path) -> Path:
    """Copy the whole installation, as `postgres` finds its libraries relative to itself."""
    install = programs.parent
    stamp = (programs / "postgres").stat()
    target = home / f"programs-{stamp.st_size}-{int(stamp.st_mtime)}"
    copied = target / install.parent.name / install.name / programs.name
    if copied.is_dir():
        return copied
    fresh = home / "programs.new"
    shutil.rmtree(fresh, ignore_errors=True)
    left_out = shutil.ignore_patterns("include", "doc", "*.a")
    shutil.copytree(install, fresh / install.parent.name / install.name, True, left_out)
    libraries = install.parent.with_name(f"{install.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    fresh.rename(target)
    return copied
