"""The list of members: found, narrowed down, sorted, paged, swapped."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.console import pagination
from accounts.models import Invitation
from tenancy.context import workspace_context

MEMBERS = reverse("console:members")
HTMX = {"HX-Request": "true"}


def listed(response):
    return [person.email for person in response.context.get("members") or []]


def invited(response):
    return [invitation.email for invitation in response.context.get("invitations") or []]


def test_the_list_shows_everybody_here_and_nobody_else(
    globex, console, member, stranger, invite, make_user
):
    make_user(globex, "mia@globex.test", full_name="Mia Globex")
    invite(globex, stranger, "guest@globex.test")

    response = console.get(MEMBERS)

    assert listed(response) == ["mia@acme.test", "olive@acme.test"]
    assert invited(response) == []
    assert "globex" not in response.text.lower()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=mia", ["mia@acme.test"]),
        ("q=MEMBER+mia", ["mia@acme.test"]),
        ("q=adam%40acme", ["adam@acme.test"]),
        ("q=nobody", []),
        ("q=%25", []),
        ("role=admin", ["adam@acme.test"]),
        ("role=emperor", ["adam@acme.test", "mia@acme.test", "olive@acme.test", "xi@acme.test"]),
        ("state=deactivated", ["xi@acme.test"]),
        ("state=active&role=member", ["mia@acme.test"]),
        ("sort=-name", ["xi@acme.test", "olive@acme.test", "mia@acme.test", "adam@acme.test"]),
        ("sort=odd", ["adam@acme.test", "mia@acme.test", "olive@acme.test", "xi@acme.test"]),
    ],
)
def test_the_list_narrows_down_and_sorts(acme, console, admin, member, make_user, query, found):
    make_user(acme, "xi@acme.test", full_name="Xi", is_active=False)

    assert listed(console.get(f"{MEMBERS}?{query}")) == found


@pytest.mark.parametrize("few", [0, 10_000])
def test_a_search_is_sorted_the_same_whichever_way_it_is_found(
    acme, console, make_user, monkeypatch, few
):
    monkeypatch.setattr("accounts.members.filters.FEW", few)
    for name in ("zoe Hopper", "Ann Hopper", "Bob Hopper", "Ann Other", "carl Hopper"):
        make_user(acme, f"{name.replace(' ', '.')}@hop.test", full_name=name)
    monkeypatch.setattr(pagination.page_of, "__kwdefaults__", {"size": 2})

    first = console.get(f"{MEMBERS}?q=hopper")
    second = console.get(f"{MEMBERS}?q=hopper&after={first.context['page'].after}")
    back = console.get(f"{MEMBERS}?q=hopper&before={second.context['page'].before}")

    names = [[each.full_name for each in page.context["members"]] for page in (first, second)]
    assert names == [["Ann Hopper", "Bob Hopper"], ["carl Hopper", "zoe Hopper"]]
    assert listed(back) == listed(first)


def test_the_list_sorts_by_joining_and_by_last_sign_in(acme, console, owner, make_user):
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    make_user(acme, "old@acme.test", joined_at=moment, last_login=None)
    make_user(acme, "older@acme.test", joined_at=moment - timedelta(days=1), last_login=moment)

    oldest = listed(console.get(f"{MEMBERS}?sort=joined"))
    unseen = listed(console.get(f"{MEMBERS}?sort=seen"))

    assert oldest == ["older@acme.test", "old@acme.test", "olive@acme.test"]
    assert unseen == ["older@acme.test", "olive@acme.test", "old@acme.test"]


def test_open_invitations_stand_above_and_alone(acme, console, owner, invite):
    for name in ("kim", "lee"):
        invite(acme, owner, f"{name}@acme.test", role="admin" if name == "kim" else "member")
    ended = invite(acme, owner, "no@acme.test")
    with workspace_context(acme):
        Invitation.objects.filter(pk=ended.pk).update(revoked_at=ended.created_at)

    assert invited(console.get(MEMBERS)) == ["lee@acme.test", "kim@acme.test"]
    assert invited(console.get(f"{MEMBERS}?role=admin")) == ["kim@acme.test"]
    assert invited(console.get(f"{MEMBERS}?state=active")) == []
    alone = console.get(f"{MEMBERS}?state=invited&q=lee")
    assert (invited(alone), listed(alone)) == (["lee@acme.test"], [])


def test_the_newest_invitations_lead_to_the_others(acme, console, owner, invite):
    for number in range(6):
        invite(acme, owner, f"guest{number}@acme.test")

    response = console.get(MEMBERS)

    assert invited(response) == [f"guest{number}@acme.test" for number in (5, 4, 3, 2, 1)]
    assert 'href="?state=invited"' in response.text
    assert len(invited(console.get(f"{MEMBERS}?state=invited"))) == 6


def test_pages_lead_to_each_other_by_plain_links(acme, console, make_user, monkeypatch):
    monkeypatch.setattr(pagination.page_of, "__kwdefaults__", {"size": 2})
    for name in ("Ana", "Ben", "Cid"):
        make_user(acme, f"{name}@acme.test", full_name=name)

    first = console.get(f"{MEMBERS}?role=member")
    after = first.context["page"].after
    second = console.get(f"{MEMBERS}?role=member&after={after}")

    assert f'href="?role=member&amp;after={after}"' in first.text
    assert listed(first) == ["ana@acme.test", "ben@acme.test"]
    assert listed(second) == ["cid@acme.test"]
    before = second.context["page"].before
    assert f'href="?role=member&amp;before={before}"' in second.text
    assert listed(console.get(f"{MEMBERS}?role=member&before={before}")) == listed(first)


def test_htmx_gets_the_list_alone_and_a_clean_address(console, member):
    response = console.get(f"{MEMBERS}?q=&state=&role=member&sort=name", headers=HTMX)

    assert "<html" not in response.text
    assert listed(response) == ["mia@acme.test"]
    assert response.headers["HX-Push-Url"] == f"{MEMBERS}?role=member"
    assert 'hx-swap-oob="innerHTML">1 row on this page' in response.text


def test_typing_leaves_one_step_back(console):
    response = console.get(f"{MEMBERS}?q=mi", headers={**HTMX, "HX-Trigger-Name": "q"})

    assert response.headers["HX-Replace-Url"] == f"{MEMBERS}?q=mi"
    assert "HX-Push-Url" not in response.headers


def test_going_back_gets_the_whole_page(console):
    response = console.get(MEMBERS, headers={**HTMX, "HX-History-Restore-Request": "true"})

    assert "<html" in response.text
    assert "HX-Request" in response.headers["Vary"]


def test_the_focus_follows_whoever_turns_the_page_but_not_who_types(console, member):
    turned = console.get(f"{MEMBERS}?after=x", headers=HTMX)
    typed = console.get(f"{MEMBERS}?q=mia", headers=HTMX)

    assert "autofocus" in turned.text
    assert "autofocus" not in typed.text


def test_an_empty_result_says_so_and_leads_back(console):
    response = console.get(f"{MEMBERS}?q=nobody")

    assert "No member matches" in response.text
    assert f'href="{MEMBERS}">Show all members' in response.text


def test_no_invitations_say_so(console):
    assert "No open invitations" in console.get(f"{MEMBERS}?state=invited").text
    assert "No invitation fits" in console.get(f"{MEMBERS}?state=invited&q=x").text


def test_who_is_not_verified_sees_why_and_no_buttons(acme, unverified, owner, invite, client_of):
    invite(acme, owner, "guest@acme.test")

    response = client_of(acme, unverified).get(MEMBERS)

    assert invited(response) == ["guest@acme.test"]
    assert "Send again" not in response.text
    assert f'href="{reverse("verify-email")}"' in response.text


def test_names_are_text(acme, console, make_user):
    make_user(acme, "evil@acme.test", full_name="<script>alert(1)</script>")

    assert "<script>alert" not in console.get(MEMBERS).text


@pytest.mark.parametrize("query", ["", "?state=invited"])
def test_the_list_costs_the_same_for_one_and_for_three(
    acme, console, owner, make_user, invite, query
):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            console.get(MEMBERS + query)
        return len(queries)

    make_user(acme, "one@acme.test")
    invite(acme, owner, "guest1@acme.test")
    console.get(MEMBERS)
    with_one = cost()
    for number in (2, 3):
        make_user(acme, f"more{number}@acme.test")
        invite(acme, owner, f"guest{number}@acme.test")

    assert cost() == with_one


@pytest.mark.parametrize(
    ("query", "is_open"), [("", False), ("?q=mia", False), ("?role=admin", True)]
)
def test_all_but_the_search_is_folded_up_until_it_narrows(console, query, is_open):
    text = console.get(f"{MEMBERS}{query}").text
    folded = text.partition("<details")[2].partition("</details>")[0]

    assert 'name="q"' in text
    assert 'name="q"' not in folded
    assert {name for name in ("state", "role", "sort") if f'name="{name}"' in folded} == {
        "state", "role", "sort",
    }  # fmt: skip
    assert (" open>" in folded.partition("<summary")[0]) is is_open


def test_pictures_are_fetched_for_the_page_alone(acme, console, make_user):
    """By a join, the database would fetch the profiles of all who fit before it sorts them."""
    make_user(acme, "one@acme.test")

    with CaptureQueriesContext(connection) as queries:
        console.get(f"{MEMBERS}?sort=-seen")

    page, pictures = (
        [query["sql"] for query in queries if words in query["sql"]]
        for words in ('ORDER BY "accounts_user"."last_login"', '"accounts_profile"."user_id" IN (')
    )
    assert (len(page), len(pictures)) == (1, 1)
    assert "accounts_profile" not in page[0]
