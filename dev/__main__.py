"""The commands behind the Makefile: `python -m dev run`, `test`, `bench` and so on."""

import importlib
import signal
import sys
from types import FrameType

from dev.errors import StackError

COMMANDS = {
    "run": "dev.run",
    "test": "dev.testing",
    "prove": "dev.prove",
    "bench": "dev.bench",
    "services": "dev.services",
    "web": "dev.web",
    "manage": "dev.manage",
    "seed": "dev.seed",
    "app": "dev.new_app",
    "reset": "dev.reset",
}
WITH_ARGUMENTS = {"app", "test", "prove", "bench", "manage", "seed"}
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in COMMANDS:
        print(f"Usage: python -m dev {{{'|'.join(COMMANDS)}}} [arguments]", file=sys.stderr)
        return 2
    for number in ENDING:
        signal.signal(number, _interrupt)
    try:
        command, *rest = arguments
        # Imported late: `manage` shouldn't wait for what only `run` needs.
        module = importlib.import_module(COMMANDS[command])
        code: int = module.main(rest) if command in WITH_ARGUMENTS else module.main()
    except StackError as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Unwind, so that every server is stopped on the way out, and let nothing interrupt that."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
