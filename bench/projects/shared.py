"""What the compared projects share, so that tenancy alone differs."""

from typing import Any

from saas import settings as service

DJANGOS_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # allauth doesn't start without it.
    "allauth.account.middleware.AccountMiddleware",
]


def database(engine: str) -> dict[str, Any]:
    """Return our own database settings under another engine, on its usual search path."""
    ours = service.DATABASES["default"]
    options = {**ours["OPTIONS"]}
    # Parameters of our own raw connection, which the others' don't have.
    for ours_alone in ("answers", "most_schemas"):
        options.pop(ours_alone, None)
    options["options"] = options["options"].replace("-c search_path=pg_catalog ", "")
    return {**ours, "ENGINE": engine, "OPTIONS": options}
