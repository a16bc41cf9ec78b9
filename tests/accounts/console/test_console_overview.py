"""The overview: figures of this tenant alone, and steps that tick themselves off."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.console.panels import panels
from accounts.members import charts
from accounts.models import Invitation
from tasks.models import Message
from tenancy.context import workspace_context
from tests.contexts import public_context

OVERVIEW = reverse("console:overview")


def shown(response, name):
    """Return the context of a panel on the page; None when it is left out."""
    panels = {panel.name: context for panel, context in response.context["panels"]}
    return panels.get(name)


def done(response):
    return {
        str(item.title): is_done
        for item, is_done in shown(response, "accounts.next_steps")["steps"]
    }


def test_people_are_counted_here_alone(acme, globex, console, admin, member, stranger, make_user):
    make_user(acme, "gone@acme.test", is_active=False, role="admin")
    make_user(globex, "more@globex.test")

    page = console.get(OVERVIEW)

    assert shown(page, "accounts.counts")["standing"] == {
        "active": 3, "deactivated": 1, "owner": 1, "admin": 1, "member": 1,
    }  # fmt: skip
    assert shown(page, "accounts.joined")["chart"].total == 4


def test_invitations_are_counted_while_they_are_valid(
    acme, globex, console, owner, stranger, invite
):
    invite(globex, stranger, "guest@globex.test")
    invite(acme, owner, "kim@acme.test")
    lapsed = invite(acme, owner, "lee@acme.test")
    with workspace_context(acme):
        Invitation.objects.filter(pk=lapsed.pk).update(expires_at=timezone.now())

    assert shown(console.get(OVERVIEW), "accounts.counts")["invited"] == 1


def test_messages_are_counted_by_what_became_of_them(
    acme, console, owner, stranger, member, admin, invite
):
    invite(acme, owner, "kim@acme.test")
    states = [Message.State.SENT, Message.State.FAILED, Message.State.DEAD, Message.State.SENDING]
    with public_context():
        rows = Message.objects.of_schema(acme.schema_name)
        for message, state in zip(rows, states, strict=True):
            Message.objects.filter(pk=message.pk).update(state=state)

    deliveries = shown(console.get(OVERVIEW), "accounts.deliveries")["deliveries"]

    assert {row["state"]: row["count"] for row in deliveries} == {
        "sent": 1, "waiting": 1, "retried": 1, "dead": 1, "cancelled": 0,
    }  # fmt: skip


def test_those_who_joined_last_come_first(acme, console, make_user, stranger):
    now = timezone.now()
    for number in range(6):
        make_user(acme, f"p{number}@acme.test", joined_at=now + timedelta(minutes=number))

    recent = [person.email for person in shown(console.get(OVERVIEW), "accounts.recent")["recent"]]

    assert recent == [f"p{number}@acme.test" for number in (5, 4, 3, 2, 1)]


def test_nothing_is_done_in_a_new_workspace(acme, unverified, client_of):
    response = client_of(acme, unverified).get(OVERVIEW)

    assert done(response) == {
        "Confirm your address": False,
        "Complete your profile": False,
        "Choose your language and time zone": False,
        "Invite colleagues": False,
    }
    assert "0 of 4 done." in response.text


def test_steps_tick_themselves_off(acme, console, owner, invite):
    invite(acme, owner, "kim@acme.test")
    with workspace_context(acme):
        owner.profile.phone_number = "+821012345678"
        owner.profile.address_line_1 = "1 Long Street"
        owner.profile.save()

    response = console.get(OVERVIEW)

    assert done(response) == {
        "Confirm your address": True,
        "Complete your profile": True,
        "Choose your language and time zone": False,
        "Invite colleagues": True,
    }


def test_the_steps_go_away_once_all_are_done(acme, console, owner, member):
    with workspace_context(acme):
        owner.time_zone = "Asia/Seoul"
        owner.save()
        owner.profile.phone_number = "+821012345678"
        owner.profile.address_line_1 = "1 Long Street"
        owner.profile.save()

    assert "Next steps" not in console.get(OVERVIEW).text


def test_the_page_costs_the_same_for_one_and_for_three(acme, console, make_user):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            console.get(OVERVIEW)
        return len(queries)

    make_user(acme, "one@acme.test")
    console.get(OVERVIEW)
    with_one = cost()
    make_user(acme, "two@acme.test")
    make_user(acme, "three@acme.test")

    assert cost() == with_one


@pytest.mark.parametrize("panel", list(panels), ids=lambda panel: panel.name)
def test_each_panel_keeps_its_query_budget(acme, owner, make_user, panel, rf):
    make_user(acme, "one@acme.test")
    request = rf.get("/console/")
    request.user, request.workspace = owner, acme

    with workspace_context(acme), CaptureQueriesContext(connection) as queries:
        render_to_string(panel.template, dict(panel.context(request)), request)

    assert len(queries) <= panel.max_queries


def test_the_page_holds_no_inline_style_or_script(console):
    text = console.get(OVERVIEW).text

    assert "<svg" in text
    assert " style=" not in text
    assert "<script>" not in text


@pytest.mark.parametrize("today", [date(2026, 11, 2), date(2026, 11, 8)])
def test_the_chart_ends_with_this_week(today):
    counts = {date(2026, 11, 2): 2, date(2026, 10, 19): 4, date(2026, 1, 5): 9}

    chart = charts.weekly(counts, today=today)

    assert chart.bars[-1].monday == date(2026, 11, 2)
    assert chart.bars[0].monday == date(2026, 8, 17) == charts.first_monday(today)
    assert [bar.count for bar in chart.bars] == [0] * 9 + [4, 0, 2]
    assert chart.total == 6


def test_the_chart_draws_the_highest_week_at_full_height():
    chart = charts.weekly({date(2026, 11, 2): 2, date(2026, 10, 26): 4}, today=date(2026, 11, 2))

    low, high = chart.bars[-1], chart.bars[-2]
    assert (high.height, high.y) == (charts.HEIGHT, charts.TOP)
    assert (low.height, low.y + low.height) == (charts.HEIGHT // 2, chart.baseline)


def test_an_empty_chart_has_no_bars_to_draw():
    chart = charts.weekly({}, today=date(2026, 11, 2))

    assert {bar.height for bar in chart.bars} == {0}
