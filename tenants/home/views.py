"""A tenant's home page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access.decorators import members_page


@members_page
def home(request: HttpRequest) -> HttpResponse:
    """The start page of a tenant's members; the developer's product goes here."""
    return render(request, "tenants/home.html")
