"""Users, profiles and invitations inside one tenant."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db.models import OrderBy
from django.db.models.functions import Collate
from django.db.models.indexes import IndexExpression
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _

from accounts.capabilities import CAPABILITIES
from tenancy.capabilities import import_modules


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        """Connect the receivers, by the setting's name: the user model may be replaced."""
        # What `django.contrib.postgres` does when it is installed. It would also query each new
        # connection for types that are unused here, outside any tenant's context.
        IndexExpression.register_wrappers(OrderBy, OpClass, Collate)
        # Receivers, checks and e-mails register on import.
        for module in ("receivers", "checks", "emails"):
            import_modules(self.name, CAPABILITIES, module)
        from accounts.profiles.receivers import open_profile

        post_save.connect(
            open_profile, sender=settings.AUTH_USER_MODEL, dispatch_uid="accounts.open_profile"
        )
