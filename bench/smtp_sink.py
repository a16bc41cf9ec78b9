"""An SMTP server that accepts every e-mail and stores none, in a process of its own.

It prints its port, and then answers each line of its input with what it has counted.
"""

import asyncio
import json
import logging
import os
import sys
import time
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

WATCHED = "watched-"
# It would log every line of every SMTP dialogue.
logging.getLogger("mail.log").setLevel(logging.ERROR)


class Counts:
    """The number of e-mails received, and when those to watched addresses arrived."""

    def __init__(self) -> None:
        self.messages = 0
        self.connections = 0
        self.arrivals: dict[str, float] = {}

    async def handle_DATA(  # noqa: N802  # aiosmtpd calls it by this name.
        self, _smtp: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.messages += 1
        for reader in envelope.rcpt_tos:
            if reader.startswith(WATCHED):
                self.arrivals[reader] = time.time()
        return "250 Taken"

    def answer(self) -> SMTP:
        self.connections += 1
        return SMTP(self, enable_SMTPUTF8=True, hostname="sink.test")

    def as_json(self) -> str:
        return json.dumps(vars(self))


async def main() -> None:
    # In production it is another machine: the measured processes have priority.
    os.nice(10)
    loop, counted = asyncio.get_running_loop(), Counts()
    server: Any = await loop.create_server(counted.answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(counted.as_json(), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
