"""After signing out, the browser's back button shows nobody's page."""

import re

import pytest

from tests.flows.conftest import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("stack")]


@pytest.fixture
def remembering_page():
    """A page of a Chromium that keeps pages whole for the back button, as people's do."""
    if not CHROMIUM:
        pytest.skip("no Chromium here: install Debian's package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu"],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        page = chromium.new_page(locale="en-US")
        page.set_default_timeout(60_000)
        yield page
        chromium.close()


def test_going_back_after_signing_out_shows_nothing(stack, remembering_page, sign_up, unique_slug):
    page = remembering_page
    typed = sign_up(page, unique_slug)
    origin = stack.origin_of(unique_slug)
    page.wait_for_url(f"{origin}/**")
    page.goto(f"{origin}/account/")
    assert typed["full_name"] in page.content()

    page.goto(f"{origin}/accounts/logout/")
    page.locator("main form button").last.click()
    page.wait_for_url(re.compile("/accounts/login/"))
    for _ in range(2):
        page.go_back()  # A page that came back whole would not load, and be waited for in vain.

        assert typed["full_name"] not in page.content()
        assert typed["email"] not in page.content()
