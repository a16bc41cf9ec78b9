"""Visitors' pages that open an organisation."""

from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access.client_ip import client_network, too_often, with_retry_after
from accounts.handoffs.services import issue_handoff
from tenancy import rate_limits
from tenancy.context import workspace_context
from tenancy.errors import RateLimitedError
from tenants.lifecycle.errors import TooManyUnverifiedError
from tenants.organisations.errors import TenantError
from tenants.signup import availability, services as signup
from tenants.signup.errors import SignUpFieldError
from tenants.signup.forms import SignUpForm


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Open an organisation, and redirect to its own host, signed in."""
    if request.method != "POST":
        # With the name from an unknown host's page.
        named = request.GET.get("subdomain", "")[:100]
        context = {
            "form": SignUpForm(initial={"subdomain": named}),
            "check": availability.check(subdomain=named),
        }
        return render(request, "tenants/sign_up.html", context)
    form = SignUpForm(request.POST)
    try:
        rate_limits.hit("sign_up", client_network(request))
    except RateLimitedError as error:
        page = _sign_up_again(request, form, too_often(error), HTTPStatus.TOO_MANY_REQUESTS)
        return with_retry_after(page, error)
    if form.is_from_a_program:
        return redirect("landing")
    if not form.is_valid():
        return _sign_up_again(request, form)
    return _open(request, form)


def _open(request: HttpRequest, form: SignUpForm) -> HttpResponse:
    data = form.cleaned_data
    owner = signup.Owner(
        data["full_name"], data["email"], data["password"], language=get_language() or "en"
    )
    try:
        tenant, user = signup.open_tenant(
            organization=data["organization"],
            subdomain=data["subdomain"],
            owner=owner,
            terms_version=settings.TERMS_VERSION,
            idempotency_key=data["idempotency_key"],
            opened_from=client_network(request),
            extra=form.extra,
        )
    except TooManyUnverifiedError as error:
        return _sign_up_again(request, form, str(error), HTTPStatus.TOO_MANY_REQUESTS)
    except SignUpFieldError as error:
        form.add_error(error.field, error.sentence)
        return _sign_up_again(request, form)
    except TenantError as error:
        form.add_error("subdomain", error.sentence)
        return _sign_up_again(request, form)
    with workspace_context(tenant):
        token = issue_handoff(user=user)
    # GET, as RFC 9110 says in section 15.4.4, and without a referrer: the query has the token.
    response = redirect(f"{tenant.origin}/accounts/handoff/?{urlencode({'token': token})}")
    response.status_code = HTTPStatus.SEE_OTHER
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _sign_up_again(
    request: HttpRequest, form: SignUpForm, sentence: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    """Show the form with its errors, and everything that was typed."""
    context = {"form": form, "sentence": sentence}
    if form.errors and status == HTTPStatus.OK:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if "subdomain" in form.cleaned_data or form.has_error("subdomain"):
            typed = form.data.get("subdomain", "")
            context["check"] = availability.check(subdomain=typed)
    return render(request, "tenants/sign_up.html", context, status=status)


@never_cache
@require_safe
def check_subdomain(request: HttpRequest) -> HttpResponse:
    """Show beside the address, while it is typed, whether it is available."""
    try:
        rate_limits.hit("check", client_network(request))
    except RateLimitedError as error:
        judged = availability.Availability("limited", too_often(error))
    else:
        judged = availability.check(
            subdomain=request.GET.get("subdomain", "")[:100],
            organization=request.GET.get("organization", "")[:100],
        )
    return render(request, "tenants/_subdomain_check.html", {"check": judged})
