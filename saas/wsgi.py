"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from saas.keys import refuse_weak_keys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")

application = get_wsgi_application()
refuse_weak_keys()
