"""What this app declares: the permission and the links of the console's settings."""

from django.utils.translation import gettext_lazy as _

from accounts.access.permissions import Permission, permissions
from accounts.console.navigation import Link, console_links, settings_tabs

permissions.register(Permission("settings.change", _("see and change the settings"), position=80))
console_links.register(
    Link(
        "tenants.settings", _("Settings"), "console:settings", "icons/settings.svg",
        permission="settings.change", position=1000,
    )
)  # fmt: skip
settings_tabs.register(
    Link(
        "tenants.general",
        _("General"),
        "console:settings",
        permission="settings.change",
        position=10,
    )
)
