"""Re-encrypt all encrypted data with the newest of `PAYLOAD_KEYS`."""

from collections import Counter
from typing import Any

from django.contrib.sessions.models import Session
from django.utils import timezone

from operations.management.base import ServiceCommand
from tasks.models import Message
from tenancy.context import public_context
from tenancy.key_rotation import reencrypt
from tenants.models import Tenant
from tenants.roles import OPERATOR


class Command(ServiceCommand):
    """Idempotent, and safe while the service runs. Afterwards no row needs an older key."""

    help = "Encrypt messages and sessions again with the newest key, in public and every tenant."

    def handle(self, *_: Any, **options: Any) -> None:
        with public_context(OPERATOR):
            outcome = reencrypt(Message.objects.filter(payload__isnull=False), "payload")
            outcome += _sessions()
        self.say(f"  public: {outcome['renewed']} renewed")
        self.in_each(Tenant.objects.all(), lambda: outcome.update(_sessions()))
        renewed, kept, broken = (outcome[what] for what in ("renewed", "kept", "broken"))
        self.stdout.write(f"{renewed} encrypted again, {kept} had the newest key already.")
        if broken:
            self.stdout.write(
                f"{broken} can't be decrypted with any key that is set, and are lost."
            )


def _sessions() -> Counter[str]:
    """Re-encrypt the sessions of the current schema, except expired ones."""
    return reencrypt(Session.objects.filter(expire_date__gt=timezone.now()), "session_data")
