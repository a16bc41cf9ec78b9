"""What a visitor meets in the browser: a taken name, Korean, a phone, a keyboard."""

import re

import pytest
from playwright.sync_api import expect

from tests.stacks import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("stack")]


def test_a_taken_name_is_said_while_typing_with_free_ones_to_click(stack, open_page):
    page = open_page()
    page.goto(f"{stack.origin}/signup/")

    page.locator("[name=subdomain]").fill("acme")

    check = page.locator("#subdomain-check")
    expect(check).to_contain_text("taken")
    page.locator("[data-fill]").first.click()
    expect(check).to_contain_text("is free")
    expect(page.locator("[name=subdomain]")).to_have_value("acme-team")


def test_the_address_follows_the_name_until_somebody_edits_it(stack, open_page):
    page = open_page()
    page.goto(f"{stack.origin}/signup/")
    address = page.locator("[name=subdomain]")

    page.locator("[name=organization]").press_sequentially("Café Ünïque")
    expect(address).to_have_value("cafe-unique")
    address.fill("my-own-choice")
    page.locator("[name=organization]").press_sequentially(" Two")
    page.wait_for_timeout(700)

    expect(address).to_have_value("my-own-choice")


def test_an_error_loses_nothing_that_was_typed(stack, open_page, sign_up):
    page = open_page()

    typed = sign_up(page, "acme", password="correct horse battery staple")

    expect(page.locator("#subdomain-check")).to_contain_text("taken")
    for name, value in typed.items():
        expect(page.locator(f"[name={name}]")).to_have_value(value)
    expect(page.locator("[name=terms]")).to_be_checked()


def test_a_refused_form_begins_with_what_is_wrong(stack, open_page, sign_up):
    page = open_page()

    sign_up(page, "acme")

    expect(page.locator("[name=subdomain]")).to_be_focused()


def test_sign_up_works_without_javascript(stack, open_page, sign_up, unique_slug):
    page = open_page(java_script_enabled=False)

    sign_up(page, unique_slug, subdomain="")
    expect(page.locator("[name=subdomain]")).to_have_value(unique_slug)
    page.locator("form[data-sign-up] button:not([type=button])").last.click()

    expect(page).to_have_url(f"{stack.origin_of(unique_slug)}/console/")


def test_a_korean_browser_gets_korean_pages_and_korean_mail(stack, open_page, sign_up, unique_slug):
    page = open_page(locale="ko-KR")

    sign_up(page, unique_slug, organization="한빛", full_name="김하나")

    expect(page).to_have_url(f"{stack.origin_of(unique_slug)}/console/")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    assert re.search("[가-힣]", page.title())
    email = stack.wait_for_email(f"ada@{unique_slug}.test", "한빛")
    assert "환영" in email["Subject"] + email["Text"]


def test_the_language_can_be_switched_on_the_page(stack, open_page):
    page = open_page(locale="ko-KR")
    page.goto(stack.origin)
    expect(page.locator("html")).to_have_attribute("lang", "ko")

    page.get_by_role("button", name="English").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("path", ["/", "/signup/", "/find/", "/terms/"])
def test_pages_fit_a_phone(stack, open_page, path):
    page = open_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)

    page.goto(stack.origin + path)

    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0


def test_sign_up_takes_nothing_but_a_keyboard(stack, open_page, unique_slug):
    page = open_page()
    page.goto(f"{stack.origin}/signup/")
    expect(page.locator("[name=organization]")).to_be_focused()

    keys = page.keyboard
    keys.type(unique_slug)
    expect(page.locator("[name=subdomain]")).to_have_value(unique_slug)
    for name, value in (
        ("full_name", "Ada Lovelace"),
        ("email", f"ada@{unique_slug}.test"),
        ("password", "correct horse battery staple"),
    ):
        tab_to(page, name)
        keys.type(value)
    tab_to(page, "terms")
    keys.press("Space")
    keys.press("Enter")

    expect(page).to_have_url(f"{stack.origin_of(unique_slug)}/console/")


def tab_to(page, name):
    """Press Tab until the field has the focus, as long as that takes less than ten."""
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"Tab doesn't reach {name}")


def test_an_operators_dialog_takes_the_keyboard_and_gives_it_back(
    stack, open_page, sign_up, unique_slug
):
    sign_up(open_page(), unique_slug)
    page = open_page()
    email = f"operator@{unique_slug}.test"
    stack.manage("ensure_operator", "--email", email, "--password", PASSWORD)
    page.goto(f"{stack.origin}/operator/tenants/tenant/?q={unique_slug}")
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.locator("#result_list a[href*='/change/']").click()
    mark = page.get_by_role("link", name="Mark as canary")
    cancel = page.locator("#dialog").get_by_role("link", name="Cancel")

    mark.press("Enter")
    expect(cancel).to_be_focused()
    page.keyboard.press("Escape")
    expect(mark).to_be_focused()
    mark.press("Enter")
    expect(cancel).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Marked as a canary.")).to_be_visible()
