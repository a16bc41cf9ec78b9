"""The console's admin site: on the base host only, with sign-in through allauth."""

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

from tenancy.context import is_public

View = Callable[..., HttpResponseBase]

# Alpine, which Unfold's pages use, evaluates expressions and sets inline styles.
# A nonce would disable 'unsafe-inline', so these directives replace the strict ones.
POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class OperatorSite(UnfoldAdminSite):
    """Shows only the models registered here, not those that libraries register."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the user is an operator in the public schema; never on a tenant's host."""
        return is_public() and bool(super().has_permission(request))

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Set the content security policy that Unfold needs, on the console's pages only."""
        guarded: View = super().admin_view(view, cacheable)
        return csp_replace(POLICY)(guarded)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Remove `view_on_site`: no row here has a page outside the console."""
        urls: list[URLPattern | URLResolver] = super().get_urls()
        return [url for url in urls if getattr(url, "name", None) != "view_on_site"]

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Redirect an anonymous visitor to allauth's page, which limits tries and asks for codes.

        Raises `PermissionDenied` for a signed-in user without operator rights.
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
        """Redirect to allauth's page, which notifies the operator by e-mail."""
        return redirect("account_change_password")


site = OperatorSite(name="admin")
