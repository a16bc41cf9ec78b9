"""Seal everything that is kept encrypted with the newest of `PAYLOAD_KEYS`."""

from collections import Counter
from typing import Any

from django.contrib.sessions.models import Session
from django.utils import timezone

from tasks.models import Message
from tasks.roles import DatabaseRole
from tasks.rotation import reseal
from tasks.workspace import public_context
from tenants.management.base import ServiceCommand


class Command(ServiceCommand):
    """May be run again, and while the service runs. Afterwards no row needs an older key."""

    help = "Seal letters and sessions anew with the newest key, in public and every tenant."

    def handle(self, *_: Any, **options: Any) -> None:
        with public_context(DatabaseRole.OPERATOR):
            outcome = reseal(Message.objects.filter(payload__isnull=False), "payload")
            outcome += _sessions()
        self.say(f"  public: {outcome['renewed']} renewed")
        self.visit(lambda _tenant: outcome.update(_sessions()))
        self._sum_up(outcome)

    def _sum_up(self, outcome: Counter[str]) -> None:
        renewed, kept, broken = (outcome[what] for what in ("renewed", "kept", "broken"))
        self.stdout.write(f"{renewed} sealed anew, {kept} sealed with the newest key already.")
        if broken:
            self.stdout.write(f"{broken} open with no key that is set, and are lost.")


def _sessions() -> Counter[str]:
    """Renew the sessions of the current schema; those that have ended are worth nothing."""
    return reseal(Session.objects.filter(expire_date__gt=timezone.now()), "session_data")
