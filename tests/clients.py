"""Django's test client, which keeps the cookie that a browser would."""

from django.conf import settings
from django.test import Client as DjangoClient

from accounts.sessions.store import SessionStore


class Client(DjangoClient):
    """Its own sign-in would put the row's key into the cookie, which opens nothing here.

    `session` wants the context of the host that the client is on.
    """

    @property
    def session(self):
        if cookie := self.cookies.get(settings.SESSION_COOKIE_NAME):
            return SessionStore.of_cookie(cookie.value)
        session = SessionStore()
        session.save()
        self.cookies[settings.SESSION_COOKIE_NAME] = session.token
        return session

    def _set_login_cookies(self, request):
        super()._set_login_cookies(request)
        self.cookies[settings.SESSION_COOKIE_NAME] = request.session.token
