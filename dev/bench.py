"""`python -m dev bench`: measures the service beside others, on servers of its own."""

import importlib.util
import os
import subprocess
import sys

from dev import foreground, keys, messages, testing
from dev.environment import over
from dev.errors import StackError
from dev.paths import ROOT
from dev.progress import say

PLOTTER = "matplotlib"
REQUIREMENTS = ROOT / "requirements" / "bench.txt"
# No request is refused for its rate, and no time is spent on writing logs.
QUIET = {"RATE_LIMITS": "off", "LOG_LEVEL": "WARNING"}


def main(arguments: list[str]) -> int:
    """Run `python -m bench`, and pass its exit code on."""
    messages.compile_all()
    # A developer who doesn't measure needs none of what draws.
    if not importlib.util.find_spec(PLOTTER):
        say("Installing what draws the plots, once.")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"]
        command += ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check"]
        if subprocess.run([*command, "-r", str(REQUIREMENTS)], check=False).returncode:
            raise StackError("pip could not install requirements/bench.txt; its reason is above.")
    # Durable commits are measured: these servers write each commit to the disk.
    with (
        testing.folder() as place,
        testing.environment(place, keys.fresh(), is_throwaway=False) as variables,
    ):
        command = [sys.executable, "-m", "bench", *arguments]
        return foreground.run(command, over(os.environ, variables, QUIET))
