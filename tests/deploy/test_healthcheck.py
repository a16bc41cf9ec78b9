"""bin/healthcheck: well is 0, ill is 1, a wrong word is 2."""

import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dev.ports import free_port


@pytest.fixture
def check(root):
    def run(*arguments, **environment):
        done = subprocess.run(
            [sys.executable, root / "bin/healthcheck", *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        run.said = done.stdout + done.stderr
        return done.returncode

    return run


@pytest.fixture
def web():
    """A stand-in for gunicorn that answers with the status it is given."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        status = 200

        def do_GET(self):
            asked.append(self.path)
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    server.asked, server.handler = asked, Handler
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_web_is_well_when_it_answers(check, web):
    assert check("web", WEB_BIND=f"0.0.0.0:{web.server_port}") == 0
    assert web.asked == ["/healthz"]


def test_web_is_ill_when_it_answers_with_an_error(check, web):
    web.handler.status = 500

    assert check("web", WEB_BIND=f"0.0.0.0:{web.server_port}") == 1


def test_web_is_ill_when_nobody_listens(check):
    assert check("web", WEB_BIND=f"0.0.0.0:{free_port()}") == 1


def test_a_worker_is_ill_when_nobody_answers_over_the_broker(check):
    assert check("worker") == 1


def test_a_worker_whose_broker_is_away_is_ill_and_says_why(check):
    """A supervisor's log shows one sentence, and no traceback."""
    assert check("worker", CELERY_BROKER_URL=f"redis://127.0.0.1:{free_port()}/0") == 1

    (sentence,) = check.said.splitlines()
    assert sentence.startswith("worker: the broker is away (")


@pytest.mark.parametrize(("age", "code"), [(0, 0), (290, 0), (400, 1)])
def test_beat_is_well_as_long_as_it_sends(check, tmp_path, age, code):
    alive = tmp_path / "schedule.alive"
    alive.touch()
    at = time.time() - age
    os.utime(alive, (at, at))

    assert check("beat", BEAT_SCHEDULE=str(tmp_path / "schedule")) == code


def test_beat_is_ill_when_it_has_never_sent(check, tmp_path):
    assert check("beat", BEAT_SCHEDULE=str(tmp_path / "schedule")) == 1


@pytest.mark.parametrize("arguments", [[], ["mail"], ["web", "worker"]])
def test_a_wrong_word_is_refused(check, arguments):
    assert check(*arguments) == 2
