"""Pages by key: every row once, in order, both ways, whatever ties and gaps there are."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.console.pagination import Order, page_of
from accounts.members.filters import SORTS
from accounts.models import User
from tenancy.context import workspace_context

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def people(acme, make_user):
    """Seven people: names tie but for their case, two joined at once, three never signed in."""
    rows = [
        ("ada", 0, 3), ("Ada", 1, None), ("ADA", 1, 3), ("Bo", 2, None),
        ("zoe", 3, 5), ("Zoe", 4, None), ("", 5, 1),
    ]  # fmt: skip
    for number, (name, joined, seen) in enumerate(rows):
        make_user(
            acme,
            f"p{number}@acme.test",
            password=None,
            full_name=name,
            joined_at=NOON + timedelta(days=joined),
            last_login=None if seen is None else NOON + timedelta(days=seen),
        )
    with workspace_context(acme):
        yield User.objects.with_sort_name()


def walk(rows, order, direction, start):
    """The rows of all pages from one on, in the order that they come in."""
    pages, page = [], start
    while True:
        pages.append(list(page.rows))
        if not (cursor := getattr(page, direction)):
            return pages
        page = page_of(rows, order, query={direction: cursor}, size=2)


@pytest.mark.parametrize("sort", SORTS)
def test_all_pages_together_are_the_whole_list(people, sort):
    order = SORTS[sort]
    whole = list(order.sort(people, backwards=False))

    pages = walk(people, order, "after", page_of(people, order, query={}, size=2))

    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert [row for page in pages for row in page] == whole


@pytest.mark.parametrize("sort", SORTS)
def test_the_way_back_shows_the_same_pages(people, sort):
    order = SORTS[sort]
    there = walk(people, order, "after", page_of(people, order, query={}, size=2))
    last = page_of(people, order, query={"after": order.cursor(there[-2][-1])}, size=2)

    back = walk(people, order, "before", last)

    assert back[::-1] == there


def test_names_sort_without_regard_to_case(people):
    names = [row.full_name.lower() for row in page_of(people, SORTS["name"], query={}).rows]

    assert names == ["", "ada", "ada", "ada", "bo", "zoe", "zoe"]


@pytest.mark.parametrize("sort", ["seen", "-seen"])
def test_who_never_signed_in_comes_last_in_both_directions(people, sort):
    seen = [row.last_login for row in page_of(people, SORTS[sort], query={}).rows]

    assert seen[4:] == [None] * 3
    assert None not in seen[:4]


def test_a_row_that_joins_meanwhile_moves_nobody(acme, people, make_user):
    order = SORTS["name"]
    first = page_of(people, order, query={}, size=3)
    make_user(acme, "new@acme.test", password=None, full_name="Aaron")

    second = page_of(people, order, query={"after": first.after}, size=3)

    assert not set(first.rows) & set(second.rows)
    assert len(first.rows) + len(second.rows) == 6


def test_going_back_to_the_beginning_shows_a_whole_first_page(people):
    order = SORTS["name"]
    rows = list(order.sort(people, backwards=False))

    page = page_of(people, order, query={"before": order.cursor(rows[1])}, size=3)

    assert page.rows == rows[:3]
    assert not page.before


def test_a_page_whose_rows_are_gone_starts_over(people):
    order = SORTS["name"]
    rows = list(order.sort(people, backwards=False))

    page = page_of(people, order, query={"after": order.cursor(rows[-1])}, size=3)

    assert page.rows == rows[:3]


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "é", "AAAA", "bnVsbA", "W10", "WzEsMl0",
        "WyJcdTAwMDAiLCAiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",
    ],
)  # fmt: skip
@pytest.mark.parametrize("order", [SORTS["name"], SORTS["joined"], SORTS["seen"]])
def test_a_made_up_cursor_leads_to_the_first_page(people, order, cursor):
    first = page_of(people, order, query={}, size=2)

    assert page_of(people, order, query={"after": cursor}, size=2) == first
    assert page_of(people, order, query={"before": cursor}, size=2) == first


def test_a_moment_without_a_zone_is_no_key():
    order = Order("joined_at", SORTS["joined"].parse)
    cursor = order.cursor(User(joined_at=datetime(2026, 1, 1)))  # noqa: DTZ001  # As its name says.

    assert order.read(cursor) is None


def test_one_page_costs_one_query(people, django_assert_num_queries):
    with django_assert_num_queries(1):
        page_of(people, SORTS["-seen"], query={}, size=2)
