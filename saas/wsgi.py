"""The WSGI application that gunicorn serves."""

import os

import django
from django.core.handlers.wsgi import WSGIHandler

from saas.keys import refuse_weak_keys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")
django.setup(set_prefix=False)

from saas.request_validation import Request  # noqa: E402  # It needs Django set up.


class Application(WSGIHandler):
    """Django's, with a request that malformed headers can't break before the middleware."""

    request_class = Request


application = Application()
refuse_weak_keys()
