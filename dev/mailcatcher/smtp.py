"""The SMTP side: accepts every message from every sender to every recipient."""

import socket
from asyncio import AbstractServer
from collections.abc import Coroutine
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from dev.mailcatcher.store import Store
from dev.ports import LOOPBACK


class Receiver:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(  # noqa: N802  -- aiosmtpd calls it by this name.
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        message_id = self._store.add(content, envelope.mail_from or "", envelope.rcpt_tos)
        return f"250 Message accepted as {message_id}"


class BoundController(Controller):
    """aiosmtpd's, on a socket that is bound at once.

    Bound in its own thread, a port that is taken would only show as a start that never ends.
    """

    def __init__(self, store: Store, port: int) -> None:
        # Long, for a busy machine: the process that started us has its own timeout.
        super().__init__(
            Receiver(store),
            hostname=LOOPBACK,
            port=port,
            enable_SMTPUTF8=True,
            ready_timeout=60,
        )
        self._socket = socket.create_server((LOOPBACK, port))

    def _create_server(self) -> Coroutine[Any, Any, AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)
