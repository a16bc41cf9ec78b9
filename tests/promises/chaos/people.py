"""Founders and their guests: they fill in forms, wait for mail, and try again when it fails."""

import random
import re
import time
import uuid
from dataclasses import dataclass, field

import requests

from tests.promises.chaos.mail_server import MailServer
from tests.stacks import PASSWORD, Stack, Visitor

# A workspace is open within a tenth of a second: who wants to be gone before has to be quick.
PATIENT, IMPATIENT = 60.0, (0.01, 0.4)
WAITING, DONE = "waiting", "done"


class UnansweredError(Exception):
    """The page that somebody got is no success; trying again is theirs."""


@dataclass
class Guest:
    """Somebody who is invited, and joins."""

    slug: str
    email: str
    is_invited: bool = False
    is_in: bool = False
    tried_to_join: bool = False
    used_links: int = 0


@dataclass
class Founder:
    """Somebody who opens an organisation and invites colleagues, one step after the other."""

    stack: Stack
    mail_server: MailServer
    rng: random.Random
    guests_wanted: int
    # How often they press "stop" before the page has come; the service works on for them.
    hurry: float
    slug: str = field(default_factory=lambda: f"org{uuid.uuid4().hex[:10]}")
    typed: dict[str, str] = field(default_factory=dict)
    handoff: str = ""
    # What their pages have told them.
    has_opened: bool = False
    is_verified: bool = False
    # What it took.
    posts: int = 0
    last_post_at: float = 0.0
    tried_codes: set[str] = field(default_factory=set)
    looks: int = 0
    browser: Visitor | None = None

    def __post_init__(self) -> None:
        self.email = f"ada@{self.slug}.test"
        self.base = Visitor(self.stack)
        addresses = [f"guest{number}@{self.slug}.test" for number in range(self.guests_wanted)]
        self.guests = [Guest(self.slug, address) for address in addresses]

    @property
    def is_done(self) -> bool:
        return self.has_opened and all(guest.is_in for guest in self.guests)

    def step(self) -> str:
        """Take the next step; raises when it fails, and the next call tries it again."""
        if not self.typed:
            return self._ask_for_the_form()
        if not self.has_opened:
            return self.open()
        if not self.guests or self.is_done:
            return DONE
        if self.browser is None:
            return self._come_in()
        if not self.is_verified:
            return self._enter_code()
        return self._next_guest()

    # --- Opening ---

    def _ask_for_the_form(self) -> str:
        page = self.base.get("/signup/")
        expect(page, 200)
        key = re.search(r'name="idempotency_key" value="([\w-]+)"', page.text)
        self.typed = {
            "organization": self.slug.title(),
            "subdomain": self.slug,
            "full_name": "Ada Lovelace",
            "email": self.email,
            "password": PASSWORD,
            "terms": "on",
            "idempotency_key": key[1] if key else "",
        }
        return DONE

    def open(self) -> str:
        """Send the form: always the same one."""
        self.posts += 1
        self.last_post_at = time.time()
        self._be_impatient_at_times(self.base)
        answer = self.base.post("/signup/", self.typed)
        expect(answer, 303)
        self.handoff = answer.headers["Location"].split(f":{self.stack.port}", 1)[1]
        if not self.handoff.startswith("/accounts/handoff/"):
            raise UnansweredError(self.handoff)
        self.has_opened = True
        return DONE

    # --- In their workspace ---

    def _come_in(self) -> str:
        """Follow the handoff; who has lost it signs in with the password."""
        browser = Visitor(self.stack, self.slug)
        handoff, self.handoff = self.handoff, ""
        if handoff:
            expect(browser.get(handoff), 302)
        else:
            answer = browser.sign_in(self.email)
            expect(answer, 302)
            self.is_verified = "confirm-email" not in answer.headers["Location"]
        if "session" not in browser.cookies:
            raise UnansweredError("no session")
        self.tried_codes = set()
        self.looks = 0
        self.browser = browser
        return DONE

    def _enter_code(self) -> str:
        fresh = [c for c in self.mail_server.codes_to(self.email) if c not in self.tried_codes]
        if not fresh or self.browser is None:
            self.looks += 1
            if self.looks > 100:
                self.browser = None
            return WAITING
        self.tried_codes.add(fresh[-1])
        try:
            answer = self.browser.post("/accounts/confirm-email/", {"code": fresh[-1]})
        except requests.RequestException:
            self.browser = None  # Perhaps it was taken: signing in again will tell.
            raise
        if answer.status_code == 422:
            return WAITING
        expect(answer, 302)
        self.is_verified = "/console" in answer.headers["Location"]
        if not self.is_verified:
            self.browser = None
        return DONE

    def _next_guest(self) -> str:
        uninvited = [guest for guest in self.guests if not guest.is_invited]
        if uninvited:
            return self._invite(uninvited[0])
        outside = [guest for guest in self.guests if not guest.is_in]
        return self._join(self.rng.choice(outside))

    def _invite(self, guest: Guest) -> str:
        assert self.browser is not None
        self._be_impatient_at_times(self.browser)
        typed = {"addresses": guest.email, "role": "member", "language": "en"}
        answer = self.browser.post("/console/members/invite/", typed)
        if answer.status_code == 422 and "open invitation" not in answer.text:
            raise UnansweredError("invite")
        if answer.status_code != 422:
            expect(answer, 302)
            if "/console/members/" not in answer.headers["Location"]:
                self.browser = None
                raise UnansweredError(answer.headers["Location"])
        guest.is_invited = True
        return DONE

    def _join(self, guest: Guest) -> str:
        links = self.mail_server.links_to(guest.email)
        if not links:
            return WAITING
        newcomer = Visitor(self.stack, self.slug)
        page = newcomer.get(links[-1])
        if page.status_code == 410 and guest.tried_to_join:
            # Joined, and the page was lost: then the password opens.
            expect(newcomer.sign_in(guest.email), 302)
            if "session" not in newcomer.cookies:
                raise UnansweredError("joined without an account")
        else:
            self._fill_in(newcomer, page, guest)
        guest.is_in = True
        return DONE

    def _fill_in(self, newcomer: Visitor, page: requests.Response, guest: Guest) -> None:
        expect(page, 302)
        expect(newcomer.get("/accounts/invitation/"), 200)
        guest.tried_to_join = True
        self._be_impatient_at_times(newcomer)
        typed = {"full_name": "Grace Hopper", "password": PASSWORD, "terms": "on"}
        expect(newcomer.post("/accounts/invitation/", typed), 302)

    def _be_impatient_at_times(self, visitor: Visitor) -> None:
        hurried = self.rng.random() < self.hurry
        visitor.timeout = self.rng.uniform(*IMPATIENT) if hurried else PATIENT


def expect(answer: requests.Response, status: int) -> None:
    if answer.status_code != status:
        raise UnansweredError(f"{answer.request.path_url}: {answer.status_code}")
