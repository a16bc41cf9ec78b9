"""`python -m dev manage …`: Django's manage.py with the environment of this checkout's stack."""

import os
import sys

from dev import foreground, stack
from dev.environment import over


def main(arguments: list[str]) -> int:
    with stack.environment("manage") as environment:
        return run(arguments, environment)


def run(arguments: list[str], environment: dict[str, str]) -> int:
    return foreground.run([sys.executable, "manage.py", *arguments], over(os.environ, environment))
