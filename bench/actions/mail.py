"""The outbox of ours: a long queue, one more message, and sign-ups meanwhile."""

import time
from datetime import timedelta
from http import HTTPStatus
from uuid import uuid4

from django.db import connection
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from accounts.onboarding.emails import send_welcome
from bench.actions.ours import Browser
from bench.form_data import sign_up_form
from bench.smtp_sink import WATCHED
from tasks.jobs import call_another
from tasks.models import Message
from tasks.roles import RELAY
from tenancy.context import public_context, workspace_context
from tenants.domains import hosts

BATCH = 5_000


def queue_welcomes(host: str, count: int) -> None:
    """Put welcomes to a tenant's members in the outbox, as `enqueue` would, and call a worker."""
    tenant = hosts.find_tenant(host)
    assert tenant
    with workspace_context(tenant):
        if not User.objects.exists():
            # A tenant that was copied, not opened, has no member.
            User.objects.create_user(
                "noisy@reader.test", welcome=False, email_verified=True, full_name="Noisy"
            )
        users = list(User.objects.values_list("pk", flat=True)[:count])
        for start in range(0, count, BATCH):
            Message.objects.bulk_create(
                Message(
                    schema_name=tenant.schema_name,
                    kind=send_welcome.kind,
                    task=send_welcome.name,
                    key=uuid4().hex,
                    user_id=users[number % len(users)],
                    due_at=timezone.now(),
                )
                for number in range(start, min(count, start + BATCH))
            )
    call_another()


def welcome_one(host: str, reader: str) -> float:
    """Create a user with a watched address, and return the time of the commit."""
    tenant = hosts.find_tenant(host)
    assert tenant
    with workspace_context(tenant):
        User.objects.create_user(f"{WATCHED}{reader}", None, full_name="Ada Watched")
    return time.time()


def postpone(host: str, days: int) -> None:
    """Move the due time of a tenant's pending messages by some days, perhaps back."""
    tenant = hosts.find_tenant(host)
    assert tenant
    with public_context(RELAY):
        pending = Message.objects.of_schema(tenant.schema_name).filter(state=Message.State.PENDING)
        pending.update(due_at=F("due_at") + timedelta(days=days))
    call_another()


def count_unsent() -> int:
    """Return the number of messages that are not sent."""
    with public_context(RELAY):
        return Message.objects.exclude(state=Message.State.SENT).count()


def sign_up(names: list[str]) -> list[float]:
    """Send the sign-up form for each name, and return the seconds of each answer."""
    return [_sign_up(name) for name in names]


def _sign_up(name: str) -> float:
    typed = {**sign_up_form(name), "idempotency_key": str(uuid4())}
    started = time.perf_counter()
    answer = Browser().post("/signup/", typed, headers={"host": "localhost"})
    seconds = time.perf_counter() - started
    if answer.status_code != HTTPStatus.SEE_OTHER:
        raise RuntimeError(f"The form was answered {answer.status_code}: {answer.content[-500:]!r}")
    assert not connection.in_atomic_block
    return seconds
