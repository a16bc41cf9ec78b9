"""A side's process: reads operations line by line, and answers with what they took.

One process a side, as a process has one Django. What an operation prints goes to stderr, so that
standard output has only the answers.
"""

import importlib
import json
import os
import sys
import time
from typing import Any

from bench.clocks import cpu_now


def main() -> int:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    started = time.perf_counter()
    import django

    django.setup()
    _say(answers, {"result": time.perf_counter() - started})
    for line in sys.stdin:
        _say(answers, _obey(json.loads(line)))
    return 0


def _obey(order: dict[str, Any]) -> dict[str, Any]:
    """Run an operation and time it, without the time of its import."""
    module, _, name = order["deed"].rpartition(".")
    deed = getattr(importlib.import_module(module), name)
    cpu, wall = cpu_now(), time.perf_counter()
    result = deed(**order["arguments"])
    return {
        "wall": time.perf_counter() - wall,
        "cpu": cpu_now() - cpu,
        "result": result,
    }


def _say(answers: Any, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    sys.exit(main())
