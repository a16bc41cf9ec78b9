"""What the console's pages share: responses, and the outcome of actions."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django_htmx.http import push_url, replace_url

from accounts.access.client_ip import too_often
from accounts.access.requests import MemberRequest
from accounts.users.errors import AccountError
from tasks.errors import PayloadGoneError
from tenancy.errors import RateLimitedError

# Default values, which are left out of a list's URL.
BY_ITSELF = {("sort", "name")}


def show_list(
    request: MemberRequest, template: str, partial: str, context: dict[str, Any]
) -> HttpResponse:
    """Answer with the whole page, or to htmx with the list alone and a clean URL.

    The URL has no empty and no default values. Typing replaces it, so that "back" leaves the
    search; any other choice adds an entry to the history.
    """
    is_part = request.htmx and not request.htmx.history_restore_request
    response = render(request, partial if is_part else template, {**context, "is_part": is_part})
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request"])
    if not is_part:
        return response
    said = {
        name: value
        for name, value in request.GET.items()
        if value and (name, value) not in BY_ITSELF
    }
    query = f"?{urlencode(said)}" if said else ""
    set_url = replace_url if request.htmx.trigger_name == "q" else push_url
    return set_url(response, f"{request.path_info}{query}")


def attempt(request: HttpRequest, action: Callable[[], object], *, done: str) -> bool:
    """Run an action, and show its outcome to the user. Return whether it succeeded."""
    try:
        action()
    except (AccountError, RateLimitedError, PayloadGoneError) as error:
        messages.error(request, sentence_of(error))
        return False
    messages.success(request, done)
    return True


def sentence_of(error: Exception) -> str:
    """Return the sentence that a refusal shows to the user."""
    match error:
        case AccountError():
            return str(error.sentence)
        case RateLimitedError():
            return too_often(error)
        case _:
            return _("Its content is erased: it can't be sent again.")
