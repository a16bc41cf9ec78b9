"""`python -m dev.mailcatcher --smtp-port N --http-port N --folder DIR`, until a signal ends it."""

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

from dev.mailcatcher import READY, smtp, web
from dev.mailcatcher.store import CAP, Store


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.mailcatcher")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--cap", type=int, default=CAP, help="messages kept at most")
    asked = parser.parse_args(arguments)
    store = Store(asked.folder, cap=asked.cap)
    receiver = smtp.BoundController(store, asked.smtp_port)
    inbox = web.server(store, asked.http_port)
    receiver.start()
    # In seconds: how long an end may wait for it.
    threading.Thread(target=inbox.serve_forever, args=(0.05,), daemon=True).start()
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    print(f"{READY} on port {asked.smtp_port}; inbox on port {asked.http_port}", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    inbox.shutdown()
    receiver.stop()
    return 0


def _follow(parent: int) -> None:
    """End when the launcher has, even by `kill -9`."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    # Every thread inherits this, so the signals reach only the main thread's wait.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    sys.exit(main(sys.argv[1:]))
