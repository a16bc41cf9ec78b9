"""Canaries on the operators' pages: marked, found, and whose schema is behind."""

import re

import pytest
from django.contrib.admin.models import LogEntry

from tenancy import revisions
from tenancy.context import database_role
from tenancy.roles import MIGRATOR
from tenants.lifecycle import services
from tenants.lifecycle.errors import TenantStateError
from tenants.models import Tenant
from tests.contexts import public_context
from tests.operators import reloaded, rows

TENANTS = "/operator/tenants/tenant/"
SENT = {"_form_submitted": "true"}


@pytest.fixture
def behind(acme):
    """Acme's row says that its schema lacks something."""
    with database_role(MIGRATOR), public_context():
        Tenant.objects.filter(pk=acme.pk).update(revision="0123456789abcdef-01234567")
    return acme


def cells(response, field):
    """Return the text of a column's cells, row by row."""
    body = response.content.decode().split('id="result_list"')[-1]
    found = re.findall(rf'<td[^>]*field-{field}[ "].*?</td>', body, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in found]


def test_an_operator_marks_one_tenant_and_it_stands_in_its_history(operator_client, acme, globex):
    url = f"{TENANTS}{globex.pk}/mark_as_canary/"

    assert "Mark this tenant as a canary?" in operator_client.get(url).text
    assert not reloaded(globex).is_canary
    operator_client.post(url, SENT)

    assert (reloaded(acme).is_canary, reloaded(globex).is_canary) == (False, True)
    with public_context():
        entry = LogEntry.objects.get()
        assert (entry.object_id, entry.change_message) == (str(globex.pk), "Marked as a canary.")
    assert "Marked as a canary." in operator_client.get(f"{TENANTS}{globex.pk}/history/").text
    assert "migrated among the first" in operator_client.get(f"{TENANTS}{globex.pk}/change/").text


def test_the_mark_is_taken_away_and_none_is_given_twice(operator_client, acme):
    services.mark_as_canary(tenant=acme)

    again = operator_client.post(f"{TENANTS}{acme.pk}/mark_as_canary/", SENT)
    operator_client.post(f"{TENANTS}{acme.pk}/unmark_as_canary/", SENT)

    assert again.status_code == 403
    assert not reloaded(acme).is_canary
    with pytest.raises(TenantStateError):
        services.unmark_as_canary(tenant=acme)


def test_a_visit_alone_marks_nobody(operator_client, acme):
    operator_client.get(f"{TENANTS}{acme.pk}/mark_as_canary/", SENT)

    assert not reloaded(acme).is_canary


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("canary=yes", ["Globex"]),
        ("canary=no", ["Acme"]),
        ("schema=behind", ["Acme"]),
        ("schema=current", ["Globex"]),
        ("schema=current&canary=no", []),
        ("schema=odd&canary=odd", ["Globex", "Acme"]),
    ],
)
def test_the_list_narrows_down_to_canaries_and_to_who_is_behind(
    operator_client, behind, globex, query, found
):
    services.mark_as_canary(tenant=globex)

    assert sorted(rows(operator_client.get(f"{TENANTS}?{query}"))) == sorted(found)


def test_whom_the_settings_name_is_a_canary_too(operator_client, acme, globex, settings):
    settings.CANARY_TENANTS = ["acme"]

    assert rows(operator_client.get(f"{TENANTS}?canary=yes")) == ["Acme"]
    assert "CANARY_TENANTS names it" in operator_client.get(f"{TENANTS}{acme.pk}/change/").text


def test_the_list_says_whose_schema_is_behind_without_asking_one(
    operator_client, behind, globex, django_assert_max_num_queries
):
    assert reloaded(globex).revision == str(revisions.target())

    with django_assert_max_num_queries(12):
        response = operator_client.get(f"{TENANTS}?o=1")

    assert rows(response) == ["Acme", "Globex"]
    assert cells(response, "schema") == ["Behind", "Up to date"]


def test_a_tenants_page_says_how_far_its_schema_is(operator_client, behind, globex):
    late = operator_client.get(f"{TENANTS}{behind.pk}/change/").text
    current = operator_client.get(f"{TENANTS}{globex.pk}/change/").text

    assert f"Behind · {reloaded(behind).revision}<" in late
    assert f"Up to date · {revisions.target()}<" in current
