"""A tenant's home page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The start page of a tenant's members; the developer's product goes here."""
    return render(request, "tenants/home.html")
