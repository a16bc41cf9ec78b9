"""Every setting of the service, read once from the environment.

A variable that is missing or malformed stops the start with its name. Only
`SAAS_ENV=development` and `SAAS_ENV=test` have defaults for secrets; production, the default
of `SAAS_ENV`, has none.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from operations.unfold import unfold_config
from saas.limits import pictures_at_once, service_limits, sign_in_limits, unverified_limits
from saas.logs import logging_config
from saas.policy import content_security_policy
from saas.product import product_apps, product_settings, template_folders
from saas.schedule import beat_schedule
from tenancy import timeouts

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()

# --- Environment ----------------------------------------------------------------------

SAAS_ENV = env.str("SAAS_ENV", default="production")
if SAAS_ENV not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"SAAS_ENV is {SAAS_ENV!r}: say development, test or production.")
PRODUCTION = SAAS_ENV == "production"
# The kind of process, which selects the database timeouts.
SAAS_PROCESS = env.str("SAAS_PROCESS", default="web")
if SAAS_PROCESS not in timeouts.DATABASE_TIMEOUTS:
    known = ", ".join(timeouts.DATABASE_TIMEOUTS)
    raise ImproperlyConfigured(f"SAAS_PROCESS is {SAAS_PROCESS!r}: say one of {known}.")
DEBUG = env.bool("DEBUG", default=False)
# Django's page of an error, without its debug mode, which would also keep each query.
DEBUG_PAGE = SAAS_ENV == "development"
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG is on: production refuses it. Unset DEBUG.")

PRODUCT_NAME = env.str("PRODUCT_NAME", default="Tenantry")
BASE_ORIGIN = env.str("BASE_ORIGIN").rstrip("/")
_origin = urlsplit(BASE_ORIGIN)
if _origin.scheme not in {"http", "https"} or not _origin.hostname:
    raise ImproperlyConfigured("BASE_ORIGIN must look like https://example.com.")
if PRODUCTION and _origin.scheme != "https":
    raise ImproperlyConfigured("BASE_ORIGIN must start with https:// in production.")
BASE_SCHEME = _origin.scheme
BASE_DOMAIN = _origin.hostname
BASE_PORT = f":{_origin.port}" if _origin.port else ""
SECURE = BASE_SCHEME == "https"

# The tenant middleware checks hosts against rows: custom domains are rows as well.
ALLOWED_HOSTS = ["*"]
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
# With this token, /readyz answers which part is away.
HEALTH_TOKEN = env.str("HEALTH_TOKEN", default="")

# --- Secrets --------------------------------------------------------------------------

SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SECRET_KEY_LENGTH = 50
if PRODUCTION and (len(SECRET_KEY) < SECRET_KEY_LENGTH or "insecure" in SECRET_KEY):
    raise ImproperlyConfigured(
        f"SECRET_KEY has under {SECRET_KEY_LENGTH} characters, or is a default."
    )
# Fernet keys for sessions and payloads at rest, the newest first; older ones only decrypt.
PAYLOAD_KEYS = env.list("PAYLOAD_KEYS")
# The key of the directory's address hashes. After a change: rebuild_directory.
DIRECTORY_KEY = env.str("DIRECTORY_KEY")

# --- Apps -----------------------------------------------------------------------------

# The same tables are in public (operators) and in each tenant's schema (its members): an app
# with a foreign key to the user belongs here, or deletes cross schemas.
PRODUCT_APPS = product_apps(BASE_DIR / "product")
_PEOPLE_APPS = [
    *PRODUCT_APPS,
    "accounts",
    "django.contrib.auth",
    "django.contrib.admin",
    "django.contrib.sessions",
    "allauth.account",
    "allauth.usersessions",
]
SHARED_APPS = [
    "tenancy",
    "tenants",
    "django_tenants",
    "django.contrib.contenttypes",
    "tasks",
    *_PEOPLE_APPS,
]
TENANT_APPS = _PEOPLE_APPS
INSTALLED_APPS = [
    # Before django_tenants: its own admin/index.html would shadow Unfold's.
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    # Before django_tenants: it replaces some of its commands.
    "operations",
    *SHARED_APPS,
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "csp",
    "django_countries",
    "django_filters",
    "django_htmx",
    "phonenumber_field",
]

MIDDLEWARE = [
    # The outermost: log lines of all others may quote what the request carries.
    "saas.middleware.RedactionMiddleware",
    # These two see every response, and set headers on all of them.
    "saas.middleware.SecurityHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    # Before all middleware that reads the path.
    "saas.request_validation.RequestValidationMiddleware",
    "saas.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tenants.domains.middleware.TenantMiddleware",
    "saas.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.access.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "saas.middleware.RateLimitMiddleware",
]

ROOT_URLCONF = "saas.urls.tenant"
PUBLIC_SCHEMA_URLCONF = "saas.urls.base"
WSGI_APPLICATION = "saas.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": template_folders(BASE_DIR),
        "APP_DIRS": True,
        "OPTIONS": {
            "debug": DEBUG_PAGE,
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "saas.context_processors.site",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database -------------------------------------------------------------------------

DATABASES = {
    "default": {
        **env.db_url("DATABASE_URL"),
        "ENGINE": "tenancy.postgresql",
        # A server-side cursor would not carry the tenant's context.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "CONN_HEALTH_CHECKS": True,
    }
}
_pool_size = env.int("DATABASE_POOL_SIZE", default=0)
# Other options of the URL stay: sslmode, target_session_attrs …
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    **timeouts.database(process=SAAS_PROCESS, pool_size=_pool_size),
    # Schemas that a connection uses at most, as PostgreSQL caches the tables of each; 0: no limit.
    "most_schemas": env.int("SCHEMAS_A_CONNECTION", default=200),
}
if not _pool_size:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_MAX_AGE", default=600)
# A role that may create roles: `setup_roles` alone connects with it.
DATABASE_ADMIN_URL = env.str("DATABASE_ADMIN_URL", default="")
DDL_TIMEOUTS = timeouts.DDL
# Subdomains of the tenants that migrate first: if one of them fails, no others migrate.
CANARY_TENANTS = env.list("CANARY_TENANTS", default=[])
DATABASE_ROUTERS = ["tenancy.router.PlacementRouter", "django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Number of pooled schemas for the next sign-ups; 0 switches the pool off.
_pool_default = {"test": 0, "development": 2}.get(SAAS_ENV, 8)
SCHEMA_POOL_SIZE = env.int("SCHEMA_POOL_SIZE", default=_pool_default)
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"

# --- Cache, queue ---------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL")
# Seconds that a page waits for Redis before it continues without.
REDIS_TIMEOUT = env.float("REDIS_TIMEOUT", default=1.0)
CACHES = {
    "default": {
        "BACKEND": "saas.caches.FallbackCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "tenancy.context.cache_key",
        "TIMEOUT": 300,
        "OPTIONS": timeouts.redis(REDIS_TIMEOUT),
    }
}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # Workers wait for the broker without a limit.
CELERY_BROKER_CONNECTION_TIMEOUT = timeouts.CONNECT
CELERY_BROKER_TRANSPORT_OPTIONS = timeouts.broker()
CONTROL_PING_SECONDS = timeouts.CONTROL_PING
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = beat_schedule(sweep=env.float("OUTBOX_SWEEP_SECONDS", default=10.0))

# --- Mail -----------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL"))
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="django.core.mail.backends.smtp.EmailBackend")
# Settings of a provider's backend, such as {"SENDGRID_API_KEY": "…"}.
ANYMAIL = {"REQUESTS_TIMEOUT": timeouts.HTTP, **env.json("ANYMAIL", default={})}
EMAIL_TIMEOUT = timeouts.SMTP
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"no-reply@{BASE_DOMAIN}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# The operators' address for visitors and members, shown on pages that need it.
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", default="")
# Back-off doubles up to an hour: two days in all, so that no message is dead after a day's outage.
OUTBOX_MAX_ATTEMPTS = env.int("OUTBOX_MAX_ATTEMPTS", default=60)
OUTBOX_FIRST_RETRY_SECONDS = env.float("OUTBOX_FIRST_RETRY_SECONDS", default=30.0)
OUTBOX_LONGEST_RETRY_SECONDS = env.float("OUTBOX_LONGEST_RETRY_SECONDS", default=3600.0)
# E-mails that the provider takes from all workers together: "10/second". Empty: no limit.
OUTBOX_RATE = env.str("OUTBOX_RATE", default="")
# Processes of a machine that send in bulk at once; 0: one fewer than it has cores.
OUTBOX_PROCESSES = env.int("OUTBOX_PROCESSES", default=0) or max(1, (os.cpu_count() or 1) - 1)

# --- People ---------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
# W004 overlooks a unique constraint on an expression, such as ours on Lower("email").
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["accounts.sign_in.adapters.Backend"]
# OWASP ASVS 11.4.2: argon2id at its floor (19 MiB, t=2, p=1), see accounts/users/hashers.py.
PASSWORD_HASHERS = ["accounts.users.hashers.Argon2idHasher"]
# Concurrent hashes in each process; others wait.
HASHES_AT_ONCE = env.int("HASHES_AT_ONCE", default=0) or os.cpu_count() or 1
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("email", "full_name")}},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": "accounts.users.passwords.WorkspaceNameValidator"},
]  # fmt: skip
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_RESET_TIMEOUT = 60 * 60

ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
ACCOUNT_ADAPTER = "accounts.sign_in.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
# An unknown address gets an e-mail that says so, so that it costs as much as a known one.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_FORMS = {
    "login": "accounts.sign_in.forms.LoginForm",
    "add_email": "accounts.sign_in.forms.EmailForm",
    "change_password": "accounts.sign_in.forms.ChangePasswordForm",
    "set_password": "accounts.sign_in.forms.SetPasswordForm",
    "reset_password": "accounts.sign_in.forms.ResetForm",
    "reset_password_from_key": "accounts.sign_in.forms.ResetKeyForm",
    "confirm_email_verification_code": "accounts.sign_in.forms.CodeForm",
}
ACCOUNT_USER_DISPLAY = "accounts.users.names.display"
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.sign_in.reset_tokens.TenantTokenGenerator"  # noqa: S105  # A class.
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
USERSESSIONS_TRACK_ACTIVITY = False
# The column's 16 characters are counted in this format; pages use `as_international`.
PHONENUMBER_DEFAULT_FORMAT = "E164"
INVITATION_DAYS = 7
HANDOFF_SECONDS = 60
TERMS_VERSION = "2026-11-01"

# --- Retention, in days ---------------------------------------------------------------

SUBDOMAIN_QUARANTINE_DAYS = env.int("SUBDOMAIN_QUARANTINE_DAYS", default=90)
# Since sign-up, with an unconfirmed address: when the owner is told, when the workspace is closed.
UNVERIFIED_NOTICE_DAYS = env.int("UNVERIFIED_NOTICE_DAYS", default=7)
UNVERIFIED_DAYS = env.int("UNVERIFIED_DAYS", default=14)
if not 0 < UNVERIFIED_NOTICE_DAYS < UNVERIFIED_DAYS:
    raise ImproperlyConfigured("UNVERIFIED_NOTICE_DAYS must lie between 0 and UNVERIFIED_DAYS.")
MESSAGES_KEPT_DAYS = env.int("MESSAGES_KEPT_DAYS", default=90)
INVITATIONS_KEPT_DAYS = env.int("INVITATIONS_KEPT_DAYS", default=90)

# --- Limits ---------------------------------------------------------------------------

RATE_LIMITS = env.str("RATE_LIMITS", default="on") != "off"
LIMITS = service_limits(is_wide=not PRODUCTION)
UNVERIFIED_HERE, UNVERIFIED_PER_ADDRESS, UNVERIFIED_PER_NETWORK = unverified_limits(
    is_wide=not PRODUCTION
)
ACCOUNT_RATE_LIMITS = sign_in_limits(is_wide=not PRODUCTION) if RATE_LIMITS else False

# --- Sessions, cookies, headers -------------------------------------------------------

_host = "__Host-" if SECURE else ""
SESSION_ENGINE = "accounts.sessions.store"
SESSION_COOKIE_NAME = f"{_host}session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_host}csrf"
CSRF_FAILURE_VIEW = "saas.views.csrf_failure"
LANGUAGE_COOKIE_NAME = f"{_host}language"
# The operators' session has a cookie of its own, sent to /operator/ alone. A path forbids the
# __Host- prefix (RFC 6265bis, section 4.1.3.2).
OPERATOR_COOKIE_NAME = "__Secure-operator" if SECURE else "operator"
OPERATOR_PATH = "/operator/"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The sign-up's response redirects the browser to the new tenant's host.
CONTENT_SECURITY_POLICY = content_security_policy(
    tenants=f"{BASE_SCHEME}://*.{BASE_DOMAIN}{BASE_PORT}"
)

# --- Files ----------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "saas" / "static"]
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(VAR_DIR / "media")))
MEDIA_BUCKET = env.str("MEDIA_BUCKET", default="")
_disk = "django.core.files.storage.FileSystemStorage"
_manifest = "whitenoise.storage.CompressedManifestStaticFilesStorage"
_plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
_bucket = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {"bucket_name": MEDIA_BUCKET, "client_config": timeouts.object_store()},
}
STORAGES = {
    "default": _bucket if MEDIA_BUCKET else {"BACKEND": _disk},
    "staticfiles": {"BACKEND": _manifest if PRODUCTION else _plain},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION
WHITENOISE_ALLOW_ALL_ORIGINS = False  # Pages of other sites can't read our files.
# saas/request_validation.py refuses larger bodies: 1 MB, and a picture where the view takes one.
PICTURE_MAX_BYTES = 2 * 1024 * 1024
PICTURES_AT_ONCE = pictures_at_once(threads=env.int("WEB_THREADS", default=8), pool=_pool_size)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- Languages ------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ko", _("Korean"))]
LOCALE_PATHS = [BASE_DIR / "saas" / "locale", BASE_DIR / "saas" / "borrowed" / "locale"]
FORMAT_MODULE_PATH = ["saas.formats"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- Consoles, logs -------------------------------------------------------------------

INBOX_URL = env.str("INBOX_URL", default="")
UNFOLD = unfold_config(product_name=PRODUCT_NAME, environment=SAAS_ENV)
LOGGING = logging_config(level=env.str("LOG_LEVEL", default="INFO"), as_json=PRODUCTION)
globals().update(product_settings(BASE_DIR / "product" / "settings.py", globals()))
