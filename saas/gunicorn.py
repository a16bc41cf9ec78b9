"""How gunicorn serves us: threads, the same everywhere."""

import os
from typing import Any

from gunicorn.glogging import Logger

from saas.scrubbing import ScrubbingFormatter

bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 60
graceful_timeout = 20
keepalive = 5
# Said here, so that nobody's default decides: what is longer is refused before we see it.
limit_request_line = 4094
limit_request_fields = 100
limit_request_field_size = 8190
accesslog = "-"

behind_proxies = int(os.environ.get("TRUSTED_PROXIES", "0")) > 0
forwarded_allow_ips = "*" if behind_proxies else "127.0.0.1"
# By default gunicorn takes SCRIPT_NAME and PATH_INFO from a request's headers. A visitor who sends
# them would choose under which address a page is found, and what links in e-mails begin with.
forwarder_headers = ""
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
client = "%({x-forwarded-for}i)s" if behind_proxies else "%(h)s"
# The path without its query: handoffs carry their token there.
access_log_format = f'{client} "%(m)s %(U)s" %(s)s %(B)s %(M)sms'


class ScrubbingLogger(Logger):
    """gunicorn's, whose lines are scrubbed like ours: it quotes addresses that it can't read."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(ScrubbingFormatter(handler.formatter))


logger_class = ScrubbingLogger
