"""A subject's process: reads requests for actions line by line, and answers with their usage.

A process has one Django, so each subject has a process. What an action prints goes to stderr, so
that standard output has only the answers.
"""

import importlib
import json
import os
import sys
import time
from typing import Any


def main() -> int:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    started = time.perf_counter()
    import django

    django.setup()
    answers.write(json.dumps({"result": time.perf_counter() - started}) + "\n")
    for line in sys.stdin:
        answers.write(json.dumps(run(**json.loads(line))) + "\n")
    return 0


def run(action: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Run an action and return what it used, without the time of its import."""
    module, _, name = action.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    cpu, wall = time.process_time(), time.perf_counter()
    result = function(**arguments)
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "result": result,
    }


if __name__ == "__main__":
    sys.exit(main())
