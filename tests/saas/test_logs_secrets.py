"""Real failures, with canaries in all that they touch; none stands in a line of the log."""

import io
import json
import logging

import pytest
import redis
from celery import current_app
from django.db import IntegrityError, connection, transaction
from gunicorn.config import Config

from accounts.models import User
from accounts.onboarding.emails import send_welcome
from accounts.sign_in.emails import send_code
from saas.gunicorn import RedactingLogger
from saas.logs import logging_config
from tasks import outbox
from tasks.models import Message
from tenancy.context import database_role, workspace_context
from tenancy.roles import MIGRATOR
from tests.brokers import broker_at
from tests.contexts import public_context
from tests.environment import WORKER, redis_url
from tests.faulty_smtp import FaultySMTP

PASSWORD = 'canary battery, "staple" it\'s'
ADDRESS = "canary@birds.test"
TOKEN = "canary0canary0canary0canary0canary0canary0c"
CODE = "CNRR-BRDS"
CANARIES = ("canary", "CNRR", "staple")


@pytest.fixture(params=[True, False], ids=["json", "text"])
def log(request):
    """What the service logs from here on, in production's form and in a person's."""
    options = logging_config(level="INFO", as_json=request.param)["formatters"]["structured"]
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(options.pop("()")(**options))
    root = logging.getLogger()
    kept, root.handlers = root.handlers, [handler]
    yield written
    root.handlers = kept


def assert_silent(log, *expected):
    """It was logged, and says nothing."""
    said = log.getvalue()
    for words in expected:
        assert words in said, said
    for canary in CANARIES:
        assert canary not in said, said


def typed(**more):
    said = {"login": ADDRESS, "email": ADDRESS, "password": PASSWORD, "code": CODE, "token": TOKEN}
    return {**said, **more}


# --- Pages ---


def test_a_page_that_breaks_quotes_nothing_of_what_was_typed(
    acme, make_user, client_of, log, monkeypatch
):
    make_user(acme, ADDRESS, password=PASSWORD)
    client = client_of(acme, raise_request_exception=False)

    def break_down(request, *_args, **_kwargs):
        raise RuntimeError(f"{request.POST} {request.GET} {PASSWORD} for {ADDRESS}: {TOKEN} {CODE}")

    monkeypatch.setattr(
        "accounts.sign_in.adapters.AccountAdapter.authenticate", lambda s, r, **k: break_down(r)
    )

    response = client.post(f"/accounts/login/?token={TOKEN}", typed())

    assert response.status_code == 500
    assert_silent(log, "Internal Server Error: /accounts/login/", "RuntimeError")


def test_a_page_whose_table_is_gone_quotes_no_statement(acme, make_user, client_of, log):
    client = client_of(acme, raise_request_exception=False)
    owner = database_role(MIGRATOR)
    with owner, workspace_context(acme), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_user RENAME COLUMN email TO gone")

    with transaction.atomic():
        response = client.post("/accounts/login/", typed())
        transaction.set_rollback(True)

    assert response.status_code == 500
    assert_silent(log, "UndefinedColumn", "/accounts/login/")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (f"/accounts/password/reset/key/{TOKEN}/", 404, "/password/reset/key/"),
        (f"/accounts/handoff/?token={TOKEN}", 302, ""),
        (f"/accounts/invitation/?token={TOKEN}", 410, "/accounts/invitation/"),
        (f"/nowhere/{TOKEN}/{ADDRESS}?password={PASSWORD}", 404, "/nowhere/"),
    ],
)
def test_a_refused_page_names_no_secret_of_its_address(acme, client_of, log, path, status, words):
    assert client_of(acme).get(path).status_code == status
    assert_silent(log, words)


def test_a_refused_csrf_token_is_not_quoted(acme, client_of, log):
    client = client_of(acme, enforce_csrf_checks=True)

    response = client.post(
        "/accounts/login/",
        typed(csrfmiddlewaretoken=TOKEN),
        headers={"Referer": f"http://{TOKEN}/"},
    )

    assert response.status_code == 403
    assert_silent(log, "CSRF")


def test_a_bad_host_is_not_quoted(client_of, acme, log):
    response = client_of(acme).get("/", headers={"host": f"{ADDRESS}/{TOKEN}"})

    assert response.status_code in {400, 404}
    assert_silent(log)


# --- The database ---


def test_a_refused_row_is_not_quoted(acme, make_user, log):
    make_user(acme, ADDRESS)

    with workspace_context(acme):
        try:
            with transaction.atomic():
                User.objects.create_user(ADDRESS.upper(), PASSWORD, full_name="Ada")
        except IntegrityError:
            logging.getLogger("accounts").exception("Could not make %s", ADDRESS)

    assert_silent(log, "user_email_unique", "UniqueViolation", "Could not make")


# --- E-mails and tasks ---


@pytest.mark.parametrize("mode", ["5xx", "4xx", "refuse", "5xx_after_data"])
def test_a_mail_server_that_quotes_an_address_is_not_quoted(acme, make_user, log, settings, mode):
    user = make_user(acme, ADDRESS)
    with FaultySMTP() as server:
        server.mode = mode
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        with workspace_context(acme):
            message = outbox.enqueue(send_welcome, user_id=user.pk)
            send_welcome.apply((str(message.pk),), headers={"schema_name": acme.schema_name})

    with public_context():
        kept = Message.objects.get(pk=message.pk)
    state, said = ("dead", "Gave up") if mode.startswith("5xx") else ("failed", "Could not send")
    assert (kept.state, kept.attempts) == (state, 1)
    assert "canary" not in kept.last_error
    assert_silent(log, f"{said} welcome")


def test_a_task_that_fails_is_not_quoted(log):
    @current_app.task(name="tests.fails")
    def fails(token):
        raise RuntimeError(f"{ADDRESS} {token} {CODE} password={PASSWORD!r}")

    try:
        result = fails.apply((TOKEN,))
    finally:
        del current_app.tasks["tests.fails"]

    assert result.failed()
    assert_silent(log, "tests.fails", "RuntimeError")


def test_a_message_in_the_queue_holds_ids_alone(
    acme, make_user, django_capture_on_commit_callbacks
):
    queue = redis_url(8 + int(WORKER.removeprefix("gw") or 0) % 2)
    with redis.Redis.from_url(queue) as server:
        server.flushdb()
        with broker_at(queue), workspace_context(acme):
            with django_capture_on_commit_callbacks(execute=True):
                user = make_user(acme, ADDRESS, password=PASSWORD)
                message = outbox.enqueue(
                    send_code, kind="code", payload={"code": CODE, "to": ADDRESS, "url": TOKEN}
                )
            queued = [json.loads(raw) for raw in server.lrange("celery", 0, -1)]
        everything = b"".join(server.lrange("celery", 0, -1)).decode()
        server.flushdb()

    assert len(queued) == 2
    headers = [entry["headers"] for entry in queued]
    assert {header["argsrepr"] for header in headers} >= {repr((str(message.pk),))}
    assert {header["kwargsrepr"] for header in headers} == {"{}"}
    assert {header["schema_name"] for header in headers} == {acme.schema_name}
    assert str(user.pk) not in everything
    for canary in CANARIES:
        assert canary not in everything


# --- Lines that can't be written ---


def test_a_line_whose_arguments_do_not_fit_is_withheld(log, capsys):
    (handler, *_pytests) = logging.getLogger().handlers
    handler.handle(
        logging.LogRecord("accounts", logging.WARNING, "", 0, "%s %s", (PASSWORD,), None)
    )

    assert_silent(log, "accounts", "withheld")
    assert "canary" not in "".join(capsys.readouterr())


def test_a_structured_value_is_looked_through_as_well(log):
    import structlog

    structlog.get_logger("accounts").warning(
        "Said", password=PASSWORD, user={"email": ADDRESS}, link=[f"/x/{TOKEN}"]
    )

    assert_silent(log, "Said")


# --- gunicorn ---


def test_gunicorns_lines_are_scrubbed(capfd):
    config = Config()
    config.set("accesslog", "-")
    logger = RedactingLogger(config)
    try:
        raise ValueError(f"{ADDRESS} {TOKEN}")  # noqa: TRY301  # For its trace.
    except ValueError:
        logger.exception("Error handling request %s", f"/accounts/handoff/?token={TOKEN}")
    logger.warning("%s %s", TOKEN)  # noqa: PLE1206  # A word short, for its error.
    logger.access_log.info('%s "GET %s"', ADDRESS, f"/accounts/password/reset/key/{TOKEN}/")

    out, err = capfd.readouterr()
    for log in (logger.error_log, logger.access_log):
        log.handlers.clear()
    assert "Error handling request /accounts/handoff/" in err
    assert "withheld" in err
    assert '"GET /accounts/password/reset/key/…' in out
    assert "canary" not in out + err


def test_nobody_is_mailed_what_a_request_held():
    assert logging.getLogger("django").handlers == []
