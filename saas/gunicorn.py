"""How gunicorn serves us: threads, the same everywhere."""

import os
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from saas.logs import mask_links

bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 60
graceful_timeout = 20
keepalive = 5
accesslog = "-"

behind_proxies = int(os.environ.get("TRUSTED_PROXIES", "0")) > 0
forwarded_allow_ips = "*" if behind_proxies else "127.0.0.1"
client = "%({x-forwarded-for}i)s" if behind_proxies else "%(h)s"
# The path without its query: handoffs carry their token there.
access_log_format = f'{client} "%(m)s %(U)s" %(s)s %(B)s %(M)sms'


class MaskingLogger(Logger):
    """gunicorn's, without the keys that stand in a path."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: timedelta) -> dict[str, Any]:
        atoms: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        atoms["U"] = mask_links(atoms["U"])
        return atoms


logger_class = MaskingLogger
