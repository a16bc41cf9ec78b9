"""`make lock`: pins and hashes every requirement, for every Python from 3.11 on."""

import subprocess
import sys

from dev.paths import ROOT

FILES = ("base", "product", "test", "dev", "build", "bench")
OPTIONS = (
    "--quiet",
    "--generate-hashes",
    "--universal",
    "--python-version=3.11",
    # One version of each package on every Python, rather than the newest on each.
    "--fork-strategy=fewest",
    # The locks name packages; each machine configures its own index.
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--custom-compile-command=make lock",
)


def main(arguments: list[str]) -> int:
    return max(_lock(name, arguments) for name in FILES)


def _lock(name: str, arguments: list[str]) -> int:
    command = [sys.executable, "-m", "uv", "pip", "compile", *OPTIONS, *arguments]
    command += [f"{name}.in", "-o", f"{name}.txt"]
    return subprocess.run(command, cwd=ROOT / "requirements", check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
