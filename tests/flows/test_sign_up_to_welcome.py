"""The story of the product: a visitor names an organisation, and owns it a moment later."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.xdist_group("stack")]


def test_a_visitor_opens_an_organisation_and_is_welcomed(stack, open_page, sign_up, unique_slug):
    # A visitor comes to the base host, and follows the way to sign-up.
    page = open_page()
    page.goto(stack.origin)
    page.get_by_role("link", name=re.compile("sign up|start|open", re.IGNORECASE)).first.click()
    expect(page).to_have_url(f"{stack.origin}/signup/")

    # She names her organisation, and lands in its console, on its own host, signed in.
    sign_up(page, unique_slug, organization="Analytical Engines")
    expect(page).to_have_url(f"{stack.origin_of(unique_slug)}/console/")
    expect(page.get_by_text("Analytical Engines").first).to_be_visible()

    # Her address isn't confirmed yet: a banner says so.
    expect(page.get_by_text(re.compile("confirm", re.IGNORECASE)).first).to_be_visible()

    # The welcome comes a moment later, from the worker, through a real mail server.
    email = stack.wait_for_email(f"ada@{unique_slug}.test", "Analytical Engines")
    assert stack.origin_of(unique_slug) in email["Text"]
    assert email["From"]["Name"] == "Analytical Engines"

    # Her schema is hers alone: the user stands there, with a profile, and nowhere else.
    ((schema,),) = stack.query(
        "SELECT schema_name FROM public.tenants_tenant WHERE slug = %s", unique_slug
    )
    assert stack.query(
        f"SELECT u.email, u.role FROM {schema}.accounts_user u"
        f" JOIN {schema}.accounts_profile p ON p.user_id = u.id"
    ) == [(f"ada@{unique_slug}.test", "owner")]
    assert stack.query("SELECT count(*) FROM public.accounts_user WHERE NOT is_staff") == [(0,)]
    ((state, attempts),) = stack.query(
        "SELECT state, attempts FROM public.tasks_message WHERE schema_name = %s AND kind = %s",
        schema,
        "welcome",
    )
    assert (state, attempts) == ("sent", 1)
