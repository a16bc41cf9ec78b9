"""PostgreSQL dies under a running service: 503 and no trace, then everything goes on."""

import contextlib
import re
import threading
import time

import psycopg
import pytest

from tests.promises.conftest import FULL
from tests.stacks import Visitor, wait_until

pytestmark = [pytest.mark.long, pytest.mark.stack, pytest.mark.xdist_group("outages")]

TRACE = re.compile(r"Traceback|psycopg|OperationalError|127\.0\.0\.1:\d+")


class Readers:
    """People who look at one page again and again, and what they were answered."""

    def __init__(self, path, *visitors):
        self.answers = []
        self._over = threading.Event()
        self._people = [
            threading.Thread(target=self._look, args=(visitor, path)) for visitor in visitors
        ]

    def _look(self, visitor, path):
        while not self._over.is_set():
            self.answers.append(visitor.get(path, **{"Accept-Language": "ko"}))

    def has_seen(self, status):
        return status in [answer.status_code for answer in self.answers]

    def __enter__(self):
        for person in self._people:
            person.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for person in self._people:
            person.join()


@contextlib.contextmanager
def administered(servers):
    with psycopg.connect(servers.database.administrator_url, autocommit=True) as administrator:
        yield administrator


def hang_up(administrator):
    """End the service's connections, as a failover does."""
    administrator.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'saas'"
    )


def assert_is_clean(answer):
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert not TRACE.search(answer.text)


@pytest.fixture
def owner(stack, slug):
    """The owner of a new workspace, signed in on its host."""
    opened = Visitor(stack).sign_up(slug)
    assert opened.status_code == 303, opened.text
    person = Visitor(stack, slug)
    person.get(opened.headers["Location"].removeprefix(person.origin))
    return person


@pytest.mark.parametrize("pool_size", ["4", "0"] if FULL else ["4"])
def test_pages_answer_503_and_work_again_when_postgresql_does(
    stack, servers, smtp, owner, slug, pool_size, figure
):
    stack.stop("web")
    stack.environment["DATABASE_POOL_SIZE"] = pool_size
    stack.start("web")
    stack.wait_until_ready()
    smtp.mode = "slow"
    try:
        # An e-mail is under way as the database dies.
        late = Visitor(stack).sign_up(f"{slug}x")
        assert late.status_code == 303
        people = [Visitor(stack, slug) for _ in range(3)]
        with Readers("/accounts/login/", *people) as readers:
            wait_until(lambda: readers.has_seen(200), "a page")
            servers.kill_database()
            wait_until(lambda: readers.has_seen(503), "a refusal")
            servers.start_database()
            so_far = len(readers.answers)
            wait_until(lambda: 200 in [a.status_code for a in readers.answers[so_far:]], "a page")
    finally:
        smtp.mode = "ok"

    assert {answer.status_code for answer in readers.answers} == {200, 503}
    refused = [answer for answer in readers.answers if answer.status_code == 503]
    assert owner.get("/console/").status_code == 200, "who was signed in still is"
    for answer in refused:
        assert_is_clean(answer)
        assert '<html lang="ko"' in answer.text
    welcomes = wait_until(
        lambda: [m.message_id for m in smtp.accepted if f"grace@{slug}x.test" in m.recipients],
        "the e-mail that was under way",
        300,
    )
    assert len(set(welcomes)) == 1, "it stays one e-mail"
    figure("Database restarts", f"pages refused in a restart ({pool_size} in a pool)", len(refused))


@pytest.mark.skipif(not FULL, reason="it waits for the pool's patience: make prove does")
def test_no_connection_left_is_a_503(stack, servers, owner, slug):
    with administered(servers) as administrator:
        administrator.execute("ALTER ROLE saas CONNECTION LIMIT 0")
        try:
            hang_up(administrator)
            (refused,) = wait_until(lambda: answer_of(Visitor(stack, slug), 503), "a refusal")
        finally:
            administrator.execute("ALTER ROLE saas CONNECTION LIMIT -1")

    assert_is_clean(refused)
    wait_until(lambda: answer_of(Visitor(stack, slug), 200), "the page")


@pytest.mark.parametrize("pool_size", ["4", "0"] if FULL else ["4"])
def test_a_database_that_freezes_is_a_503_and_works_again_once_it_thaws(
    stack, servers, owner, pool_size, figure
):
    """It keeps its connections open and says nothing: no timeout of its own ends that."""
    stack.stop("web")
    stack.environment["DATABASE_POOL_SIZE"] = pool_size
    stack.start("web")
    stack.wait_until_ready()
    assert owner.get("/console/").status_code == 200
    servers.freeze_database()
    try:
        began = time.monotonic()
        refused = owner.get("/console/")
        waited = time.monotonic() - began
    finally:
        servers.thaw_database()

    assert_is_clean(refused)
    wait_until(lambda: owner.get("/console/").status_code == 200, "the page")
    figure("Database restarts", f"seconds until a frozen one's 503 ({pool_size})", round(waited))


@pytest.mark.skipif(not FULL, reason="it waits as long as a statement may take: make prove does")
def test_a_database_that_freezes_in_the_middle_of_a_page_is_a_503(stack, servers, owner, figure):
    """A page stands at a lock when it happens, so that its statement is under way."""
    with administered(servers) as administrator:
        administrator.execute("BEGIN")
        administrator.execute("LOCK TABLE tenants_domain IN ACCESS EXCLUSIVE MODE")
        with Readers("/console/", owner) as readers:
            waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
            wait_until(lambda: administrator.execute(waiting).fetchone(), "a page at the lock")
            servers.freeze_database()
            began = time.monotonic()
            try:
                wait_until(lambda: readers.has_seen(503), "a refusal", 120)
                waited = time.monotonic() - began
            finally:
                servers.thaw_database()
            administrator.execute("ROLLBACK")
            so_far = len(readers.answers)
            wait_until(lambda: 200 in [a.status_code for a in readers.answers[so_far:]], "a page")

    assert {answer.status_code for answer in readers.answers} == {200, 503}
    figure("Database restarts", "seconds until the 503 of a page under way", round(waited))


def test_a_server_that_only_reads_is_a_503_for_who_writes(stack, servers, owner, slug):
    with administered(servers) as administrator:
        administrator.execute("ALTER ROLE saas SET default_transaction_read_only = on")
        try:
            hang_up(administrator)
            wait_until(lambda: answer_of(Visitor(stack, slug), 200), "a page that only reads")
            refused = Visitor(stack).sign_up(f"{slug}y")
        finally:
            administrator.execute("ALTER ROLE saas RESET default_transaction_read_only")

    assert_is_clean(refused)
    # The connections that lead there are thrown away: nobody has to restart anything.
    wait_until(lambda: Visitor(stack).sign_up(f"{slug}y").status_code == 303, "the sign-up")


def answer_of(visitor, status):
    answer = visitor.get("/accounts/login/")
    assert answer.status_code in {200, 503}
    # A refusal is falsy.
    return [answer] if answer.status_code == status else []
