"""Where this checkout keeps what it writes while it runs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
RUN = VAR / "run"
TESTS = VAR / "test"
MAIL = VAR / "mail"
SECRETS = VAR / "secrets.json"
ENDPOINTS = VAR / "endpoints.json"
# What `manage.py` reads where the shell has no environment of its own.
ENVIRONMENT = VAR / "development.env"
LOCK = VAR / "lock"
# The packages that are shipped, from the top of the stack to its bottom.
PACKAGES = ("saas", "product", "operations", "tenants", "accounts", "tasks", "tenancy")
