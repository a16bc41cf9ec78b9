"""Makes `.venv` and installs the pinned, hashed requirements into it; needs nothing but Python.

It is written for any Python 3, so that one that is too old can say so.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements" / "dev.txt"
# Which Python the environment was made for, and which requirements it holds.
MADE_FOR = VENV / "made-for"
INSTALLED = VENV / "installed"
LOCK = ROOT / "var" / "bootstrap.lock"
VERSION = sys.version.split()[0]
OLDEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11", "python3.14")


def main() -> int:
    if sys.version_info < OLDEST:
        # A newer Python on PATH may stand beside the one named python3.
        for name in NEWER:
            path = shutil.which(name)
            if path and subprocess.call([path, "-c", ""], stderr=subprocess.DEVNULL) == 0:
                return subprocess.call([path, __file__])
        return refuse(
            f"This needs Python 3.11 or newer, and {sys.executable} is {VERSION}. "
            "Install one and name it: make PYTHON=/path/to/python3.11"
        )
    with Turn():
        if read(INSTALLED) != digest() or not VENV_PYTHON.exists():
            install()
    return 0


def install() -> None:
    make_venv()
    install_requirements()
    INSTALLED.write_text(digest())


def make_venv() -> None:
    """Keep a venv of this Python in this place; a moved checkout's scripts name the old place."""
    if read(MADE_FOR) == place() and VENV_PYTHON.exists():
        return
    check_venv_modules()
    say(f"Making .venv with Python {VERSION}.")
    import venv

    venv.create(str(VENV), clear=True, symlinks=True, with_pip=True)
    MADE_FOR.write_text(place())


def check_venv_modules() -> None:
    try:
        import ensurepip  # noqa: F401  # Asked for, not used.
        import venv  # noqa: F401  # Asked for, not used.
    except ImportError:
        sys.exit(
            refuse(
                "This Python comes without its venv or ensurepip module. On Debian and Ubuntu "
                "`apt-get install python3-venv` brings them; or name a complete Python: "
                "make PYTHON=/path/to/python3.11"
            )
        )


def install_requirements() -> None:
    """Every package is pinned and hashed, and comes built: there is no compiler to count on."""
    total = sum("==" in line for line in REQUIREMENTS.read_text().splitlines())
    say(f"Installing {total} packages into .venv: once, and again when they change.")
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--require-hashes", "--no-deps"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--progress-bar=off"]
    command += ["-r", str(REQUIREMENTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pip:
        count = 0
        for line in pip.stdout or ():
            count += line.startswith(("Collecting", "Requirement already satisfied"))
            if line.startswith("Collecting") and count % 25 == 0:
                say(f"{count} of {total} packages are here.")
            if line.startswith("Installing"):
                say("Unpacking them.")
    if pip.returncode != 0:
        sys.exit(refuse("pip could not install requirements/dev.txt; its reason stands above."))


def digest() -> str:
    """What the stamp says when nothing is left to do."""
    return hashlib.sha256(REQUIREMENTS.read_bytes() + place().encode()).hexdigest()


def place() -> str:
    return f"{VERSION} {VENV}"


def read(path: Path) -> "str | None":
    try:
        return path.read_text()
    except OSError:
        return None


class Turn:
    """Two makes may start at once in a fresh checkout; the second waits for the first."""

    def __enter__(self) -> None:
        LOCK.parent.mkdir(exist_ok=True)
        self.file = LOCK.open("a")
        try:
            fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another make is installing; waiting for it.")
            fcntl.lockf(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.file.close()


def say(sentence: str) -> None:
    sys.stderr.write(f"· {sentence}\n")
    sys.stderr.flush()


def refuse(sentence: str) -> int:
    sys.stderr.write(f"\n{sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
