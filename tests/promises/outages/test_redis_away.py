"""Redis dies or hangs under a running service: people come in, and their mail leaves later."""

import pytest

from tests.promises.conftest import FULL
from tests.stacks import Visitor, wait_until

pytestmark = [pytest.mark.long, pytest.mark.stack, pytest.mark.xdist_group("outages")]


def come_in(stack, slug):
    """Open a workspace, look round, and sign in once more from elsewhere."""
    opened = Visitor(stack).sign_up(slug)
    assert opened.status_code == 303, opened.text
    owner = Visitor(stack, slug)
    assert owner.get(opened.headers["Location"].removeprefix(owner.origin)).status_code == 302
    look_round(owner)
    assert Visitor(stack, slug).sign_in(f"grace@{slug}.test").status_code == 302
    return owner


def look_round(owner):
    pages = ("/", "/console/", "/console/members/", "/console/messages/", "/account/")
    assert {path: owner.get(path).status_code for path in pages} == dict.fromkeys(pages, 200)


def welcome_of(smtp, slug):
    """The Message-IDs of what the owner was sent, the code for their address aside."""
    own = [m for m in smtp.accepted if f"grace@{slug}.test" in m.recipients]
    return [m.message_id for m in own if "Welcome" in m.subject]


# What froze is killed in the end: the short run has both in one.
@pytest.mark.parametrize("outage", ["frozen", "killed"] if FULL else ["frozen"])
def test_people_come_in_and_their_mail_leaves_once_redis_is_back(
    stack, servers, smtp, slug, outage
):
    before = come_in(stack, slug)
    wait_until(lambda: welcome_of(smtp, slug), "the first welcome")
    later = f"{slug}x"
    if outage == "killed":
        servers.kill_redis()
    else:
        servers.freeze_redis()
    try:
        come_in(stack, later)
        look_round(before)
        assert stack.is_ready() is False
        assert welcome_of(smtp, later) == []
    finally:
        # What froze is killed as well: either way it comes back empty.
        servers.kill_redis()
        servers.start_redis()

    wait_until(lambda: welcome_of(smtp, later), "the welcome after the outage", 120)
    wait_until(stack.is_ready, "the service")
    look_round(before)
    assert len(set(welcome_of(smtp, later))) == 1, "it stays one e-mail"


def test_operators_see_that_redis_is_away(stack, servers):
    """Their console waits for it no longer than anybody else's page."""
    operator = operator_of(stack)
    servers.freeze_redis()
    try:
        pages = [operator.get(path) for path in ("/operator/", "/operator/tasks/message/")]
    finally:
        servers.thaw_redis()

    assert [page.status_code for page in pages] == [200, 200]
    wait_until(lambda: operator.get("/operator/").status_code == 200, "the console")


def operator_of(stack):
    email = "operator@outages.test"
    secret = "correct horse battery staple"
    stack.manage("ensure_operator", "--email", email, "--password", secret)
    operator = Visitor(stack)
    operator.get("/operator/accounts/login/")
    typed = {"login": email, "password": secret}
    assert operator.post("/operator/accounts/login/", typed).status_code == 302
    return operator
