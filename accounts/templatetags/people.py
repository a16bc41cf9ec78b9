"""Template tags for users: a picture, a role, a browser's name."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from allauth.account import app_settings
from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import get_language

from accounts.users.models import Role
from tasks import addresses

register = template.Library()

BROWSERS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\b(?:OPR|Opera)/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|CriOS|HeadlessChrome)/"),
    ("Safari", r"\bSafari/"),
)
SYSTEMS = (
    ("iOS", r"\b(?:iPhone|iPad|iPod)\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac OS X\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b"),
)


@register.simple_tag
def picture_url(person: Any) -> str:
    """Return the URL of a user's picture; empty when there is none.

    A list must say `prefetch_related("profile")` to show pictures: the tag runs no query for
    each user.
    """
    state = getattr(person, "_state", None)
    profile = state.fields_cache.get("profile") if state else None
    if profile is None or not profile.picture:
        return ""
    address = reverse("accounts:picture", args=[person.pk])
    # The file's name is random, and new with each picture.
    return f"{address}?v={profile.picture.name[-13:-5]}"


@register.simple_tag
def day(moment: datetime) -> str:
    """Write the day of a moment as lists do, with the moment itself in `datetime`."""
    local = timezone.localtime(moment)
    words = _written(local.date(), get_language())
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), words)


@lru_cache(1000)
def _written(when: date, _language: str | None) -> str:
    """Write a day in the language of the page. Cached: a list repeats the same few days."""
    return date_format(when, "DATE_FORMAT")


@register.filter
def address(email: str) -> str:
    """Return an e-mail address as people write it, with its domain in Unicode."""
    return addresses.shown(email)


@register.filter
def role_name(role: str) -> str:
    """Return a role's label. Django's own way builds the list of all labels each time."""
    return str(Role(role).label)


@register.simple_tag
def code_minutes() -> int:
    """Return for how many minutes a code from an e-mail is valid."""
    return int(app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT // 60)


@register.filter
def just_now(moment: datetime) -> bool:
    """Whether a moment is less than a minute ago, for which `timesince` has no word."""
    return timezone.now() - moment < timedelta(minutes=1)


@register.filter
def browser(user_agent: str) -> str:
    """Name the browser and system of a session, as far as the user agent states them."""
    named = [_first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)]
    return " · ".join(name for name in named if name)


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    found = (name for name, pattern in known if re.search(pattern, user_agent))
    return next(found, "")
