"""Development: its error pages, on every host or before any; its environment; its access log."""

import datetime as dt
import os
from types import SimpleNamespace
from unittest import mock

import psycopg
import pytest
from django.db import ProgrammingError, connection
from django.urls import path
from gunicorn.config import Config

from accounts.models import Profile
from saas import command_line, gunicorn, unavailable
from tests.clients import Client

# Computed, as the page quotes the lines of the source.
VARIABLE, CAUSE, POSTED, ASKED, COOKIE, BROKER = (f"{n}-zqsecret" for n in range(6))
KEY = f"zq-{'4f0c9a' * 5}"
MAKE, APPLY = "make manage ARGS=makemigrations", "make manage ARGS=migrate_schemas"


@pytest.fixture
def development_pages(settings):
    settings.DEBUG_PAGE = True
    settings.ROOT_URLCONF = settings.PUBLIC_SCHEMA_URLCONF = __name__


def fail(request):
    secret_of_the_view = Profile.objects.all()  # noqa: F841  # The page shows a query that fails.
    raise ValueError("oops")


def fail_before_any_context():
    raise ProgrammingError("no table")


def read(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM missing")


def receive(request, key):
    note = f"redis://:{VARIABLE}@127.0.0.1/0"  # noqa: F841  # The page shows variables.
    try:
        {}[f"password={CAUSE}"]
    except KeyError as error:
        raise ValueError(f"password={request.POST['password']}") from error


urlpatterns = [
    path("fail/", fail),
    path("read/", read),
    path("accounts/password/reset/key/<key>/", receive),
]
handler500 = "saas.unavailable.server_error"


def answer(host, address):
    return Client(SERVER_NAME=host, raise_request_exception=False).get(address)


def directives(response):
    policy = response.headers["Content-Security-Policy"]
    return dict(each.strip().split(" ", 1) for each in policy.split(";") if each.strip())


@pytest.mark.parametrize("accepted", ["text/html", "text/plain"])
def test_the_debug_page_shows_no_secret(development_pages, acme, settings, accepted):
    """Not of the request, nor of settings, variables or errors, in either form of the page."""
    settings.CELERY_BROKER_URL = f"redis://:{BROKER}@127.0.0.1/0"
    settings.SERVERS = [settings.CELERY_BROKER_URL] * 2
    client = Client(SERVER_NAME=acme.host, raise_request_exception=False)
    client.cookies["browser"] = COOKIE * 2

    response = client.post(
        f"/accounts/password/reset/key/{KEY}/?token={ASKED}",
        {"password": POSTED, "city": "Seoul"},
        headers={"accept": accepted},
    )

    page = response.content.decode()
    assert response.status_code == 500
    assert response.headers["Content-Type"].startswith(accepted)
    assert "Seoul" in page
    assert [s for s in (VARIABLE, CAUSE, POSTED, ASKED, COOKIE, BROKER, KEY) if s in page] == []


def test_the_debug_page_reads_no_stream_of_the_server(development_pages, acme):
    stream = iter(["of", "gunicorn"])

    client = Client(SERVER_NAME=acme.host, raise_request_exception=False)
    response = client.get("/fail/", **{"wsgi.errors": stream})

    assert "ValueError" in response.content.decode()
    assert list(stream) == ["of", "gunicorn"]


@pytest.mark.parametrize("host", ["acme", "base"])
def test_an_error_shows_django_s_debug_page(development_pages, acme, settings, host):
    response = answer(acme.host if host == "acme" else settings.BASE_DOMAIN, "/fail/")

    page = response.content.decode()
    assert response.status_code == 500
    assert "ValueError" in page
    assert "secret_of_the_view" in page
    assert settings.SECRET_KEY not in page
    allowed = directives(response)
    assert (allowed["script-src"], allowed["style-src"]) == ("'unsafe-inline'",) * 2
    assert allowed["default-src"] == "'none'"


def test_the_debug_page_needs_no_context(development_pages, db, rf):
    try:
        fail_before_any_context()
    except ProgrammingError:
        response = unavailable.server_error(rf.get("/fail/"))

    assert response.status_code == 500
    assert "no table" in response.content.decode()


def test_other_environments_show_no_error(acme, settings):
    settings.ROOT_URLCONF = __name__

    response = answer(acme.host, "/fail/")

    assert response.status_code == 500
    assert "oops" not in response.content.decode()
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]


def test_no_query_is_kept(development_pages, acme):
    before = len(connection.queries_log)

    answer(acme.host, "/read/")

    assert len(connection.queries_log) == before


def test_a_missing_table_without_a_pending_migration_shows_the_debug_page(development_pages, acme):
    response = answer(acme.host, "/read/")

    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("host", ["acme", "base"])
def test_a_pending_migration_is_named_with_its_command(
    committed, development_pages, acme, place, settings, host
):
    schema = acme.schema_name if host == "acme" else "public"
    with psycopg.connect(place) as database:
        last = f'SELECT max(id) FROM "{schema}".django_migrations WHERE app = %s'
        remove = f'DELETE FROM "{schema}".django_migrations WHERE id = ({last}) RETURNING name'
        ((name,),) = database.execute(remove, ["accounts"]).fetchall()

    response = answer(acme.host if host == "acme" else settings.BASE_DOMAIN, "/read/")

    page = response.content.decode()
    assert response.status_code == 500
    assert f"accounts.{name}" in page
    assert schema in page
    assert APPLY in page
    assert MAKE not in page


@pytest.mark.parametrize("is_in_context", [True, False])
def test_a_pending_migration_of_shared_tables_is_named_as_well(
    committed, development_pages, acme, place, rf, is_in_context
):
    """Other tables than the schema's own, and those that are read to find the tenant."""
    with psycopg.connect(place) as database:
        database.execute("DELETE FROM public.django_migrations WHERE app = 'tenants'")

    if is_in_context:
        response = answer(acme.host, "/read/")
    else:
        try:
            fail_before_any_context()
        except ProgrammingError:
            response = unavailable.server_error(rf.get("/read/"))

    page = response.content.decode()
    assert "pending in public:" in page
    assert "tenants.0001_initial" in page
    assert APPLY in page


def test_a_change_without_a_migration_is_told_as_well(development_pages, acme, monkeypatch):
    monkeypatch.setitem(Profile._meta.original_attrs, "verbose_name", "person")

    page = answer(acme.host, "/read/").content.decode()

    assert "migrations of: accounts" in page
    assert MAKE in page
    assert APPLY not in page


# --- The environment of a bare manage.py ---


@pytest.fixture
def written(tmp_path, monkeypatch):
    file = tmp_path / "development.env"
    file.write_text("SAAS_ENV='development'\nDATABASE_URL='postgres://u:p@h/d?a=#$b'\n")
    monkeypatch.setattr(command_line, "DEVELOPMENT", file)


def read_development(**environment):
    with mock.patch.dict(os.environ, environment, clear=True):
        command_line._read_development()
        return dict(os.environ)


def test_a_bare_shell_gets_what_run_has_written(written):
    assert read_development(PATH="/bin") == {
        "PATH": "/bin", "SAAS_ENV": "development", "DATABASE_URL": "postgres://u:p@h/d?a=#$b",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["SAAS_ENV", "SECRET_KEY", "DATABASE_URL"])
def test_an_environment_of_its_own_is_left_alone(written, name):
    """Production sets the last two, and may leave the first away."""
    assert read_development(**{name: "own"}) == {name: "own"}


# --- The access log ---


@pytest.mark.parametrize(
    ("is_development", "path", "is_logged"),
    [(True, "/static/saas/a.css", False), (True, "/", True), (False, "/static/saas/a.css", True)],
)
def test_files_of_pages_are_logged_outside_development_alone(
    monkeypatch, tmp_path, is_development, path, is_logged
):
    monkeypatch.setattr(gunicorn, "is_development", is_development)
    config = Config()
    config.set("accesslog", str(tmp_path / "access.log"))
    logger = gunicorn.RedactingLogger(config)
    response = SimpleNamespace(status="200 OK", sent=1, headers=[])
    environ = {"PATH_INFO": path, "RAW_URI": path, "REQUEST_METHOD": "GET", "SERVER_PROTOCOL": ""}

    logger.access(response, SimpleNamespace(headers=[], path=path), environ, dt.timedelta(0))
    for handler in logger.access_log.handlers:
        handler.close()

    assert (path in (tmp_path / "access.log").read_text()) == is_logged
