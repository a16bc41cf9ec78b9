"""What this app declares: a permission, a link, a panel of the console's first page."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.access.permissions import Permission, permissions
from accounts.access.requests import MemberRequest
from accounts.console.navigation import Link, main_links
from accounts.console.panels import Panel, panels
from product.${app}.models import ${Model}


def ${model}_count(_request: MemberRequest) -> dict[str, Any]:
    return {"count": ${Model}.objects.count()}


permissions.register(Permission("${app}.delete", _("Delete ${names}")))
main_links.register(Link("${app}", _("${Title}"), "${path}"))
panels.register(Panel("${app}", "${app}/_panel.html", ${model}_count, max_queries=1, width="half"))
