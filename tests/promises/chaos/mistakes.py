"""Mistakes that the chaos run must find: each a change to a copy of the service's code."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from dev.paths import PACKAGES, ROOT

WELCOME = "outbox.enqueue(send_welcome, user_id=instance.pk, key=key, is_first=True)"
SERVICE = (*PACKAGES, "bin", "manage.py")


@dataclass(frozen=True)
class Mistake:
    """A line of a file, what replaces it by mistake, and the finding that must follow.

    `time.sleep` stands where a busy machine would wait: it lengthens the moment in which a killed
    process does harm, and no other.
    """

    name: str
    file: str
    right: str
    wrong: str
    found: str
    # Which kills it takes to see it; most are seen without any.
    blows: tuple[str, ...] = ()
    # The length of the run, which ends as soon as the finding is made.
    seconds: float = 60
    patience: float = 20
    # Seconds between two kills: a process needs time to start again.
    pause: tuple[float, float] = (0.3, 1.0)
    # Whether it is found within half a minute.
    is_quick: bool = True

    def make_in(self, place: Path) -> Path:
        """Copy the service and make the mistake there."""
        for name in SERVICE:
            source, target = ROOT / name, place / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        (place / self.file).write_text(self.code())
        return place

    def code(self) -> str:
        """Return the file with the mistake in it; fails when the code has moved on."""
        right = (ROOT / self.file).read_text()
        assert right.count(self.right) == 1, f"{self.file} has changed: make {self.name!r} anew"
        return right.replace(self.right, self.wrong)


MISTAKES = [
    Mistake(
        "the profile is opened after the commit",
        "accounts/profiles/receivers.py",
        "    if raw or not created:\n        return\n",
        """\
    import time
    from django.db import transaction
    from tenancy.context import current_workspace, workspace_context

    if raw or not created:
        return
    if not hasattr(instance, "is_late"):
        workspace = current_workspace()

        def later():
            time.sleep(1)
            instance.is_late = True
            with workspace_context(workspace):
                open_profile(instance=instance, created=created, raw=raw)

        transaction.on_commit(later)
        return
""",
        "has profile, address, directory, welcome: [0, 0, 1, 0]",
    ),
    Mistake(
        "the welcome is enqueued after the commit",
        "accounts/profiles/receivers.py",
        f"        {WELCOME}\n",
        f"""\
        import time
        from django.db import transaction
        from tenancy.context import current_workspace, workspace_context

        workspace = current_workspace()

        def later():
            time.sleep(1)
            with workspace_context(workspace):
                {WELCOME}

        transaction.on_commit(later)
""",
        "has profile, address, directory, welcome: [1, 1, 1, 0]",
    ),
    Mistake(
        "messages are queued, and no sweep sends what the queue loses",
        "tasks/worker_loop.py",
        "while messages := relay.lease_batch():",
        "while messages := ():",
        "is pending",
        is_quick=False,
        blows=("Valkey",),
        seconds=4,
        patience=6,
    ),
    Mistake(
        "a claim excludes no other worker",
        "tasks/relay.py",
        "now=now, until=now + LEASE, sent=sent)",
        "now=now, until=now, sent=sent)",
        "came twice while nothing was wrong",
        is_quick=False,
        seconds=2,
    ),
    Mistake(
        "a message is recorded as sent before it is",
        "tasks/relay.py",
        "        mail.send(message, write(message), smtp)\n",
        """\
        content = write(message)
        record_sent(message)
        __import__("time").sleep(0.5)
        mail.send(message, content, smtp)
""",
        "is recorded as sent, and the server has not accepted it",
        is_quick=False,
        # A child is replaced at once, and begins with the next message.
        blows=("Celery worker, a child",),
        seconds=15,
    ),
    Mistake(
        "an e-mail is sent before the commit",
        "accounts/profiles/receivers.py",
        f"        {WELCOME}\n",
        f"""\
        from tasks import mail, relay
        from tasks.smtp import SmtpConnection
        message = {WELCOME}
        with SmtpConnection() as smtp:
            mail.send(message, send_welcome.run(message), smtp)
        message.attempts = 1
        relay.record_sent(message)
        __import__("time").sleep(3)
""",
        "an e-mail without a message",
        is_quick=False,
        blows=("web, a worker",),
        seconds=30,
        pause=(2.0, 5.0),
    ),
    Mistake(
        "the idempotency key is forgotten",
        "tenants/signup/services.py",
        (
            "    if holder and (idempotency_key is None or "
            "holder.idempotency_key != idempotency_key):\n"
        ),
        "    if holder:\n",
        "can't go on with the same form",
        seconds=6,
    ),
    Mistake(
        "the schema is made in a transaction of its own",
        "tenants/signup/services.py",
        "            create_schema(schema_name=tenant.schema_name)\n",
        """\
            pass
    if not ready:
        __import__("time").sleep(1)
        with database_role(SIGNUP), transaction.atomic(durable=True):
            create_schema(schema_name=tenant.schema_name)
    with database_role(SIGNUP), transaction.atomic(durable=True):
""",
        "is a tenant alone",
    ),
]
