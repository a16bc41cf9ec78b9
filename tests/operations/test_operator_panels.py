"""What apps add to the operators' console: panels and links."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from accounts.models import User
from operations.checks import links_lead_somewhere, panels_have_templates
from operations.panels import OperatorLink, OperatorPanel, operator_links, operator_panels
from tenancy.context import database_role, is_public, public_context, workspace_context
from tenancy.roles import MIGRATOR
from tenants.models import Tenant

INDEX = "/operator/"
FIGURE = "admin/_figure.html"


def count(_request):
    assert is_public()
    return {"number": Tenant.objects.count(), "label": "Tenants counted"}


def peek(_request):
    """Ask for a tenant's people, which the operators' role may not see."""
    schema_name = Tenant.objects.first().schema_name
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{schema_name}".accounts_user')
    return {}


def test_a_panel_shows_what_the_shared_tables_hold(acme, globex, only, operator_client):
    only(
        operator_panels,
        OperatorPanel("test.tenants", FIGURE, count, max_queries=1),
        OperatorPanel("test.empty", FIGURE, lambda _request: None, max_queries=0),
    )

    page = operator_client.get(INDEX)

    assert "Tenants counted" in page.text
    assert page.text.count("lg:col-span-2") == 1


def test_a_panel_that_fails_does_not_hide_the_figures(acme, declare, operator_client, make_user):
    make_user(acme)
    declare(operator_panels, OperatorPanel("test.peek", FIGURE, peek, max_queries=2))

    page = operator_client.get(INDEX)

    assert page.status_code == 200
    assert "The panel test.peek failed." in page.text
    assert "Newest tenants" in page.text


def test_links_stand_below_the_services_own(db, declare, operator_client):
    declare(
        operator_links,
        OperatorLink("test.site", "Plans & prices", "sell", url="https://example.test/plans"),
        OperatorLink("test.outbox", "E-mails", "mail", url_name="admin:tasks_message_changelist"),
    )

    text = operator_client.get(INDEX).text

    assert text.index("Audit log") < text.index("E-mails") < text.index("Plans &amp; prices")
    assert 'href="https://example.test/plans"' in text


def test_panels_and_links_that_lead_nowhere_are_refused(declare):
    assert panels_have_templates() == links_lead_somewhere() == []
    declare(operator_panels, OperatorPanel("test.none", "none.html", count, max_queries=1))
    declare(
        operator_links,
        OperatorLink("test.none", "None", "x"),
        OperatorLink("test.both", "Both", "x", url_name="admin:index", url="/"),
        OperatorLink("test.tenants_page", "A member's", "x", url_name="console:settings"),
    )

    (error,) = panels_have_templates()
    assert (error.id, "none.html" in error.msg) == ("operations.E001", True)
    assert [error.id for error in links_lead_somewhere()] == ["operations.E002"] * 3


def test_a_panel_of_more_queries_than_declared_is_refused(db, declare, operator_client):
    declare(operator_panels, OperatorPanel("test.tenants", FIGURE, count, max_queries=0))

    assert "The panel test.tenants failed." in operator_client.get(INDEX).text


def test_a_tenants_people_are_no_operators_figures(acme, make_user, declare, operator_client):
    make_user(acme, "ada@acme.test")
    seen = []
    users = OperatorPanel(
        "test.users", FIGURE,
        lambda _request: seen.extend(User.objects.values_list("email", flat=True)) or {"number": 0},
        max_queries=1,
    )  # fmt: skip
    declare(operator_panels, users)

    operator_client.get(INDEX)

    assert seen == ["operator@example.test"]
    with workspace_context(acme):
        assert User.objects.get().email == "ada@acme.test"


def test_the_first_page_stands_before_anyone_has_signed_up(acme, operator_client):
    before = timezone.now() - timedelta(days=40)
    with database_role(MIGRATOR), public_context():
        Tenant.objects.update(created_at=before)

    response = operator_client.get(INDEX)

    assert response.status_code == 200
    assert response.context["bars"]
    assert {bar.count for bar in response.context["bars"]} == {0}
