"""The console's site: it signs in through allauth, on the base host alone."""

from collections.abc import Callable
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse
from unfold.sites import UnfoldAdminSite

from tasks.workspace import is_public

View = Callable[..., HttpResponseBase]

# Alpine, which Unfold's pages are written in, evaluates expressions and sets inline styles.
# A nonce would switch 'unsafe-inline' off, so these stand instead of the strict ones.
POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class OperatorSite(UnfoldAdminSite):
    """Holds what is registered here alone: what libraries register stays out."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Operators only, and only where the shared tables are: never on a tenant's host."""
        return is_public() and bool(super().has_permission(request))

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Let the console's pages, and no others, run what Unfold is made of."""
        guarded: View = super().admin_view(view, cacheable)
        return csp_replace(POLICY)(guarded)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Leave out the way to a row's page elsewhere: no row here has one."""
        urls: list[URLPattern | URLResolver] = super().get_urls()
        return [url for url in urls if getattr(url, "name", None) != "view_on_site"]

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Send whoever isn't signed in to the page that limits tries and asks for codes.

        Raises `PermissionDenied` for whoever is, and is no operator.
        """
        wanted = request.GET.get(REDIRECT_FIELD_NAME, reverse("admin:index"))
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(wanted, reverse("account_login"))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        return LogoutView.as_view(next_page="account_login")(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Leave it to allauth, which tells the operator by mail."""
        return redirect("account_change_password")


site = OperatorSite(name="admin")
