"""Progress lines, on standard error so that a command's answer stays alone on standard output."""

import sys


def say(sentence: str) -> None:
    print(f"· {sentence}", file=sys.stderr, flush=True)
