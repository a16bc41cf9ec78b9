"""The SMTP side: accepts every message from every sender to every recipient."""

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
        letter_id = self._store.add(content, envelope.mail_from or "", envelope.rcpt_tos)
        return f"250 Message accepted as {letter_id}"


def controller(store: Store, port: int) -> Controller:
    return Controller(
        Receiver(store),
        hostname=LOOPBACK,
        port=port,
        enable_SMTPUTF8=True,
        # A busy machine takes its time; whoever started us decides when that is too long.
        ready_timeout=60,
    )
