"""The environment that the service's processes read."""

from collections.abc import Mapping
from dataclasses import dataclass

from dev.keys import Keys
from dev.ports import LOOPBACK
from dev.servers import Servers


@dataclass(frozen=True)
class Mail:
    """Where mail goes, and where a person reads it."""

    smtp_port: int
    inbox_port: int

    @property
    def email_url(self) -> str:
        return f"smtp://{LOOPBACK}:{self.smtp_port}"

    @property
    def inbox_url(self) -> str:
        return f"http://{LOOPBACK}:{self.inbox_port}"


def service_environment(mode: str, keys: Keys, servers: Servers) -> dict[str, str]:
    return {
        "SAAS_ENV": mode,
        "SECRET_KEY": keys.secret_key,
        "PAYLOAD_KEYS": keys.payload_keys,
        "DIRECTORY_KEY": keys.directory_key,
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
    }


def web_environment(port: int) -> dict[str, str]:
    return {"WEB_BIND": f"{LOOPBACK}:{port}", "BASE_ORIGIN": f"http://localhost:{port}"}


def mail_environment(mail: Mail) -> dict[str, str]:
    return {"EMAIL_URL": mail.email_url, "INBOX_URL": mail.inbox_url}


def over(environ: Mapping[str, str], *additions: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment with ours on top: RATE_LIMITS and the like pass through."""
    merged = dict(environ)
    for addition in additions:
        merged.update(addition)
    return merged
