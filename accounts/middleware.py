"""Pages in the language and time zone of whoever is signed in."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

Handler = Callable[[HttpRequest], HttpResponseBase]


class PreferencesMiddleware:
    """Activate a signed-in person's language and time zone for the request.

    The language that somebody switches to on the page, kept in a cookie, comes first.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.session.session_key and request.user.is_authenticated:
            if not request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME):
                translation.activate(request.user.language)
                request.LANGUAGE_CODE = translation.get_language()
            with timezone.override(request.user.zone):
                return self.get_response(request)
        return self.get_response(request)
