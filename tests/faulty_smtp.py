"""A mail server that fails as real ones do, and says what it has taken.

As a thread: `with FaultySMTP() as server: server.mode = "timeout"`. As a process:
`python -m tests.faulty_smtp --port 2525`, which reads modes line by line and prints each e-mail
that it took as a line of JSON.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email import message_from_bytes
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from dev.ports import LOOPBACK

MODES = {
    "ok": "takes every e-mail",
    "refuse": "nobody listens",
    "timeout": "listens, and says nothing",
    "drop_after_data": "takes the e-mail, and hangs up before it says so",
    "4xx": "asks to come back later, for each reader",
    "5xx": "refuses each reader for good",
    "5xx_after_data": "refuses each e-mail for good, once it has read it",
    "busy": "greets with 421 and hangs up",
    "tired": "has had enough of each connection after two e-mails",
    "slow": "takes its time for each answer",
}
SLOWNESS = 2.0
ENOUGH = 2
# It would tell every word of every conversation.
logging.getLogger("mail.log").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Accepted:
    """An e-mail that the server has read; `is_acknowledged` when it said so."""

    message_id: str
    recipients: tuple[str, ...]
    subject: str
    is_acknowledged: bool


class _Handler:
    def __init__(self, server: "FaultySMTP") -> None:
        self._server = server

    async def handle_MAIL(  # noqa: N802  # aiosmtpd calls it by this name.
        self, _smtp: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        session.emails = getattr(session, "emails", 0) + 1
        if self._server.mode == "tired" and session.emails > ENOUGH:
            return "421 4.7.0 Enough for one connection"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # The same.
        self, _smtp: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        await self._server.take_time()
        match self._server.mode:
            case "4xx":
                return "450 4.2.1 Try again later"
            case "5xx":
                return "550 5.1.1 No such person here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # The same.
        self, smtp: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        await self._server.take_time()
        if self._server.mode == "5xx_after_data":
            return "554 5.7.1 We don't like it"
        is_acknowledged = self._server.mode != "drop_after_data"
        self._server.note(envelope, is_acknowledged=is_acknowledged)
        if not is_acknowledged:
            smtp.transport.abort()
        return "250 Taken"


class _Conversation(SMTP):
    """aiosmtpd's, which may keep silent or hang up instead of greeting."""

    def __init__(self, server: "FaultySMTP") -> None:
        self._server = server
        super().__init__(_Handler(server), enable_SMTPUTF8=True, hostname="faulty.test")

    def connection_made(self, transport: Any) -> None:
        self._server.open.add(transport)
        match self._server.mode:
            case "timeout":
                self.transport = transport
            case "busy":
                transport.write(b"421 4.3.2 Too busy\r\n")
                transport.close()
            case _:
                super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self.session is not None:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return super().eof_received() if self.session is not None else False

    def connection_lost(self, error: Exception | None) -> None:
        self._server.open.discard(self.transport)
        if self.session is not None:
            super().connection_lost(error)


class FaultySMTP:
    """A mail server on a port of its own, whose `mode` may be changed while it runs.

    A change also hangs up on whoever is connected: nobody sees half of two modes.
    """

    def __init__(self, port: int = 0, told: Callable[[Accepted], None] | None = None) -> None:
        # It listens to nobody: it keeps the port while the mode is "refuse".
        self._keeper = _bound(port)
        self.port: int = self._keeper.getsockname()[1]
        self.accepted: list[Accepted] = []
        self.connections = 0
        self.open: set[Any] = set()
        self._told = told
        self._mode = "ok"
        self._loop = asyncio.new_event_loop()
        self._listener: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        """What `EMAIL_URL` takes."""
        return f"smtp://{LOOPBACK}:{self.port}"

    @property
    def mode(self) -> str:
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        if mode not in MODES:
            raise ValueError(f"{mode!r} is none of {', '.join(MODES)}.")
        self._mode = mode
        self._run(self._apply())

    @property
    def message_ids(self) -> list[str]:
        """The Message-ID of each e-mail that was taken, as often as it was."""
        return [email.message_id for email in self.accepted]

    def start(self) -> Self:
        self._thread.start()
        self._run(self._apply())
        return self

    def stop(self) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._keeper.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- What the conversations ask ---

    async def take_time(self) -> None:
        if self._mode == "slow":
            await asyncio.sleep(SLOWNESS)

    def note(self, envelope: Envelope, *, is_acknowledged: bool) -> None:
        headers = message_from_bytes(envelope.original_content or b"")
        email = Accepted(
            str(headers["Message-ID"]).strip(),
            tuple(envelope.rcpt_tos),
            str(headers["Subject"]),
            is_acknowledged,
        )
        self.accepted.append(email)
        if self._told:
            self._told(email)

    # --- In the loop's thread ---

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    async def _apply(self) -> None:
        await self._hang_up()
        if self._mode == "refuse":
            await self._stop_listening()
        elif self._listener is None:
            listening = _bound(self.port)
            self._listener = await self._loop.create_server(self._answer, sock=listening)

    def _answer(self) -> _Conversation:
        self.connections += 1
        return _Conversation(self)

    async def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
            await listener.wait_closed()

    async def _hang_up(self) -> None:
        for transport in tuple(self.open):
            transport.abort()
        await asyncio.sleep(0)

    async def _end(self) -> None:
        await self._hang_up()
        await self._stop_listening()
        conversations = asyncio.all_tasks() - {asyncio.current_task()}
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


def _bound(port: int) -> socket.socket:
    """A socket on the port, which two of ours may share."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((LOOPBACK, port))
    return bound


def main() -> None:
    parser = argparse.ArgumentParser(description="A mail server that fails when told to.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", choices=MODES, default="ok")
    options = parser.parse_args()
    with FaultySMTP(options.port, told=_print) as server:
        server.mode = options.mode
        print(json.dumps({"port": server.port}), flush=True)  # noqa: T201  # Its caller reads it.
        with contextlib.suppress(KeyboardInterrupt):
            for line in sys.stdin:
                server.mode = line.strip()


def _print(email: Accepted) -> None:
    print(json.dumps(asdict(email)), flush=True)  # noqa: T201  # The same.


if __name__ == "__main__":
    main()
