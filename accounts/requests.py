"""What our middlewares put on a request, for those who read it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from tasks.workspace import Workspace


class TenantRequest(HttpRequest):
    """A request on a known host: `workspace` is None on the base host."""

    workspace: Workspace | None
    htmx: HtmxDetails


class MemberRequest(TenantRequest):
    """A request of somebody who is signed in, as views behind a guard get it."""

    user: User
