"""Pages that belong to the service as a whole."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Say what this is, and lead to sign-up."""
    return render(request, "saas/landing.html")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show the terms that sign-up asks for, with their version."""
    return render(request, "saas/terms.html", {"terms_version": settings.TERMS_VERSION})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the page was too old, instead of what went wrong inside."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
