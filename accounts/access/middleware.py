"""Pages in the signed-in user's language and time zone."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation
from django.utils.deprecation import MiddlewareMixin


class PreferencesMiddleware(MiddlewareMixin):
    """Activate a signed-in user's language and time zone for the request.

    A language chosen on the page, kept in a cookie, takes precedence.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.session.session_key and request.user.is_authenticated:
            if not request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME):
                translation.activate(request.user.language)
                request.LANGUAGE_CODE = translation.get_language()
            timezone.activate(request.user.zone)

    def process_response(
        self, _request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        timezone.deactivate()
        return response
