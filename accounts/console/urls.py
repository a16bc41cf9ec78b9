"""The console's first page."""

from django.urls import path

from accounts.console import overview

console_pages = [path("", overview.overview, name="overview")]
