"""From a request's host to the context of its response."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db.transaction import get_connection
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language_from_request, override

from accounts.access.requests import TenantRequest
from tenancy.context import public_context, workspace_context
from tenancy.roles import VISITOR
from tenants.domains import hosts
from tenants.organisations.names import sign_up_url
from tenants.roles import OPERATOR

Handler = Callable[[TenantRequest], HttpResponseBase]


class TenantMiddleware:
    """Answer each request in its tenant's context, and leave no context behind.

    The base host uses public, a tenant's host its schema. An unknown host gets a 404 that
    offers sign-up, a suspended tenant's a 403 that says so; both without context.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: TenantRequest) -> HttpResponseBase:
        try:
            host = hosts.normalise(request.get_host())
        except DisallowedHost:
            return self._refuse(request, "400.html", {}, status=400)
        request.workspace = None
        database: Any = get_connection()
        if hosts.is_base(host):
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            # Only views below the operators' path operate the service.
            operates = request.path_info.startswith(settings.OPERATOR_PATH)
            with database.dropped_if_left_open(), public_context(OPERATOR if operates else VISITOR):
                return self.get_response(request)
        tenant = hosts.find_tenant(host)
        if tenant is None:
            context = {"host": host, "sign_up_url": sign_up_url(host=host)}
            return self._refuse(request, "unknown_host.html", context, status=404)
        if not tenant.is_open:
            return self._refuse(request, "suspended.html", {"workspace": tenant}, status=403)
        request.workspace = tenant
        with database.dropped_if_left_open(), workspace_context(tenant):
            return self.get_response(request)

    def _refuse(
        self, request: TenantRequest, template: str, context: dict[str, Any], *, status: int
    ) -> HttpResponse:
        """Render a page in the visitor's language: no other middleware has seen the request."""
        with override(get_language_from_request(request)):
            return render(request, template, context, status=status)
