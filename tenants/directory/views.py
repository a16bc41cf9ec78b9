"""The page that finds a visitor's workspaces."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access.client_ip import client_network, too_often, with_retry_after
from tenancy import rate_limits
from tenancy.errors import RateLimitedError
from tenants.directory import services
from tenants.directory.forms import FindForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Send a visitor their workspaces by e-mail. The page is the same for every address."""
    form = FindForm(request.POST or None)
    if not form.is_valid():
        return render(request, "tenants/find.html", {"form": form})
    email = form.cleaned_data["email"]
    try:
        rate_limits.hit("find", client_network(request))
    except RateLimitedError as error:
        form.add_error(None, too_often(error))
        return with_retry_after(render(request, "tenants/find.html", {"form": form}), error)
    services.answer_find(email=email, language=get_language() or "en")
    return render(request, "tenants/find.html", {"sent": True, "email": email})
