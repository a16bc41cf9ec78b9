"""A double click and the browser's "back", as a person meets them."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("stack")]

BUTTON = "form[data-sign-up] button:not([type=button])"


def opened(stack, slug):
    return stack.query("SELECT count(*) FROM public.tenants_tenant WHERE slug = %s", slug)[0][0]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_double_click_opens_one_workspace(stack, open_page, sign_up, unique_slug, scripts):
    page = open_page(java_script_enabled=scripts)
    page.goto(f"{stack.origin}/signup/")
    for name, value in {
        "organization": unique_slug,
        "subdomain": unique_slug,
        "full_name": "Ada Lovelace",
        "email": f"ada@{unique_slug}.test",
        "password": "correct horse battery staple",
    }.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=terms]").check()

    page.locator(BUTTON).last.dblclick()

    expect(page).to_have_url(f"{stack.origin_of(unique_slug)}/console/")
    assert opened(stack, unique_slug) == 1
    welcomes = "SELECT count(*) FROM public.tasks_message WHERE kind = 'welcome' AND schema_name = "
    tenant = "(SELECT schema_name FROM public.tenants_tenant WHERE slug = %s)"
    assert stack.query(welcomes + tenant, unique_slug)[0][0] == 1


def test_back_from_a_corrected_sign_up_leads_to_the_form(stack, open_page, sign_up, unique_slug):
    page = open_page()
    sign_up(page, unique_slug, subdomain="www")
    expect(page.locator("[name=subdomain]")).to_be_focused()
    page.locator("[name=subdomain]").fill(unique_slug)
    page.locator(BUTTON).last.click()
    expect(page).to_have_url(f"{stack.origin_of(unique_slug)}/console/")

    page.go_back()

    expect(page).to_have_url(f"{stack.origin}/signup/")
    expect(page.locator("[name=organization]")).to_have_value("")
    expect(page.locator("[name=password]")).to_have_value("")
    # And on again: the console is where it was.
    page.go_forward()
    expect(page).to_have_url(f"{stack.origin_of(unique_slug)}/console/")
    assert opened(stack, unique_slug) == 1


def test_back_from_a_sign_up_that_went_well_leads_to_a_new_form(
    stack, open_page, sign_up, unique_slug
):
    page = open_page()
    sign_up(page, unique_slug)
    expect(page).to_have_url(f"{stack.origin_of(unique_slug)}/console/")

    page.go_back()
    sign_up(page, f"{unique_slug}-2")

    expect(page).to_have_url(f"{stack.origin_of(f'{unique_slug}-2')}/console/")
    assert opened(stack, unique_slug) == opened(stack, f"{unique_slug}-2") == 1
