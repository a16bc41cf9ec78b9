"""`python -m dev web`: web alone in this terminal, for a debugger."""

import os
import sys

from dev import foreground, messages, migrations, ports, stack
from dev.environment import over, web_environment
from dev.progress import say

# One process, without gunicorn's time limit: `breakpoint()` may wait in it.
COMMAND = (
    "gunicorn", "-c", "saas/gunicorn.py", "--no-control-socket", "--workers=1", "--timeout=0",
    "--reload", "saas.wsgi",
)  # fmt: skip
# The database's time limits of web would end a transaction that waits in the debugger.
PATIENT = {"SAAS_PROCESS": "command"}


def main() -> int:
    """Use the servers of `make run` or `make services`, or else start them for as long."""
    messages.compile_all()
    with stack.environment("web", migrations.bring_up_to_date) as environment:
        web = web_environment(ports.web_port(os.environ))
        say(f"Web is at {web['BASE_ORIGIN']}, and breakpoint() opens here. Ctrl-C ends it.")
        command = [sys.executable, "-m", *COMMAND]
        return foreground.run(command, over(os.environ, environment, web, PATIENT))
