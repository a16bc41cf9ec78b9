"""`make shots`: photographs the pages of a running `make run`, seeded, for the docs."""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from dev import keys
from dev.errors import StackError
from dev.migrations import OPERATOR
from dev.paths import ENDPOINTS, ROOT, SECRETS
from dev.progress import say

IMAGES = ROOT / "docs/images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
COLOURS = 256
ORGANISATION = "Blue Door"
# The message is drawn in a frame of its own, which nothing outside can wait for.
MESSAGE_MILLISECONDS = 1500


@dataclass(frozen=True)
class Look:
    """A screen's size, and its colour scheme."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]
    scale: float = 1.0
    is_phone: bool = False


DESK = Look("desktop-light", 1280, 860, "light", scale=1.25)
DESK_AT_NIGHT = Look("desktop-dark", 1280, 860, "dark", scale=1.25)
PHONE = Look("phone-light", 390, 844, "light", scale=2, is_phone=True)
PHONE_AT_NIGHT = Look("phone-dark", 390, 844, "dark", scale=2, is_phone=True)
EVERY_LOOK = (DESK, DESK_AT_NIGHT, PHONE, PHONE_AT_NIGHT)


@dataclass(frozen=True)
class Person:
    """A person with a sign-in at `page`; a visitor has no page."""

    page: str = ""
    email: str = ""
    password: str = ""


@dataclass(frozen=True)
class Shot:
    """One page: the person who opens it, and what is done on it before the picture."""

    name: str
    url: str
    person: Person = field(default_factory=Person)
    looks: tuple[Look, ...] = EVERY_LOOK
    prepare: Callable[[Page], None] = lambda _page: None


def main(arguments: list[str]) -> int:
    """Take all pictures, or those whose names begin with an argument; raises StackError."""
    shots = [shot for shot in album() if shot.name.startswith(tuple(arguments) or "")]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for person in dict.fromkeys(shot.person for shot in shots):
            session = sign_in(browser, person)
            for look in EVERY_LOOK:
                context = open_context(browser, look, session)
                for shot in shots:
                    if shot.person == person and look in shot.looks:
                        take(context, shot, look)
                context.close()
        browser.close()
    return 0


def album() -> list[Shot]:
    """Every picture there is, of the stack that is up."""
    web, inbox = endpoints()
    owner = seeded_owner()
    tenant = owner.page.removesuffix("/accounts/login/")
    operator = Person(
        f"{web}/operator/accounts/login/", OPERATOR, keys.kept(SECRETS).operator_password
    )
    return [
        Shot("landing", f"{web}/"),
        Shot("sign-up", f"{web}/signup/", prepare=fill_in),
        Shot("console", f"{tenant}/console/", owner),
        Shot("members", f"{tenant}/console/members/", owner),
        Shot("mail", f"{tenant}/console/messages/", owner, (DESK,)),
        Shot("profile", f"{tenant}/account/", owner, (DESK,)),
        Shot("operator", f"{web}/operator/", operator, (DESK,)),
        Shot("inbox", inbox, looks=(DESK,), prepare=partial(get_mail, web=web, email=owner.email)),
    ]


def endpoints() -> tuple[str, str]:
    """Where the web server and the inbox of the running stack are."""
    if not ENDPOINTS.exists():
        raise StackError("Nothing is running to take pictures of. Start it first: make run")
    found = json.loads(ENDPOINTS.read_text())
    return found["web"], found["inbox"]


def seeded_owner() -> Person:
    """Seed the database, which changes nothing the second time, and take the first login of it."""
    command = [sys.executable, "-m", "dev", "manage", "seed"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise StackError("`seed` failed; its reason stands above.")
    first, *_others, last = done.stdout.splitlines()
    page, email = first.split()
    return Person(page, email, last.partition(": ")[2])


def chromium() -> str:
    found = filter(None, map(shutil.which, BROWSERS))
    if path := next(found, None):
        return path
    raise StackError("There is no Chromium here. On Debian `apt-get install chromium` brings it.")


def sign_in(browser: Browser, person: Person) -> StorageState | None:
    """Return the cookies of a new session; none for a visitor."""
    if not person.page:
        return None
    context = open_context(browser, DESK, None)
    page = context.new_page()
    page.goto(person.page)
    page.locator("[name=login]").fill(person.email)
    page.locator("[name=password]").fill(person.password)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)
    session = context.storage_state()
    context.close()
    return session


def open_context(browser: Browser, look: Look, session: StorageState | None) -> BrowserContext:
    return browser.new_context(
        viewport={"width": look.width, "height": look.height},
        device_scale_factor=look.scale,
        is_mobile=look.is_phone,
        has_touch=look.is_phone,
        color_scheme=look.scheme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/London",
        storage_state=session,
    )


def take(context: BrowserContext, shot: Shot, look: Look) -> None:
    page = context.new_page()
    page.goto(shot.url)
    page.wait_for_load_state("networkidle")
    shot.prepare(page)
    path = IMAGES / f"{shot.name}-{look.name}.png"
    path.write_bytes(slim(page.screenshot(animations="disabled")))
    page.close()
    say(f"{path.relative_to(ROOT)}, {path.stat().st_size // 1024} KB")


def fill_in(page: Page) -> None:
    """Type a name, and wait for the address that is suggested and judged."""
    page.locator("[name=organization]").press_sequentially(ORGANISATION)
    page.locator("[name=full_name]").fill("Ada Lovelace")
    page.locator("[name=email]").fill("ada@example.com")
    page.locator("p:visible", has_text="is free").wait_for()


def get_mail(page: Page, *, web: str, email: str) -> None:
    """Have an e-mail sent, as the seed sends none, and open it."""
    inbox = page.url
    page.goto(f"{web}/find/")
    page.locator("[name=email]").fill(email)
    page.locator("[name=email]").press("Enter")
    page.wait_for_load_state("networkidle")
    page.goto(inbox)
    page.get_by_text(email).first.click()
    page.wait_for_timeout(MESSAGE_MILLISECONDS)


def slim(png: bytes) -> bytes:
    """Return the picture with a palette: pages have few colours, and the clone stays small."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    out = io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def run() -> int:
    try:
        return main(sys.argv[1:])
    except StackError as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(run())
