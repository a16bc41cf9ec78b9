"""What the product declares: a permission, links, a panel of the console's first page."""

from product.notes.models import Note

from accounts.access.permissions import Permission, permissions
from accounts.console.navigation import Link, main_links, settings_tabs
from accounts.console.panels import Panel, panels
from accounts.users.models import Role


def count(_request):
    return {"count": Note.objects.count()}


permissions.register(Permission("notes.delete", "delete notes", (Role.OWNER,)))
main_links.register(Link("notes", "Notes", "notes", position=50))
settings_tabs.register(Link("notes", "Notes", "console:settings-notes", permission="notes.delete"))
panels.register(Panel("notes.count", "notes/_count.html", count, max_queries=1))
