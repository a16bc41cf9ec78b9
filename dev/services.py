"""`python -m dev services`: the servers alone, for a shell or an editor that runs the rest."""

import os
import shlex
import signal

from dev import migrations, stack
from dev.progress import say


def main() -> int:
    """Print the environment as shell lines, then stay until Ctrl-C unless another stack is up."""
    with stack.environment("services", migrations.bring_up_to_date) as environment:
        for name, value in sorted(environment.items()):
            print(f"export {name}={shlex.quote(value)}", flush=True)
        state = stack.current()
        if state and state.process == os.getpid():
            say("The servers are up. Ctrl-C ends them.")
            signal.pause()
    return 0
