"""E-mails: no tenant and no stranger uses up what another tenant's people need."""

import pytest

from saas.limits import service_limits
from tasks.mail import budgets_of
from tasks.policies import all_policies
from tenancy import rate_limits
from tenancy.context import workspace_context
from tenancy.errors import RateLimitedError
from tests.contexts import public_context

BOB = "bob@example.test"


@pytest.fixture(autouse=True)
def as_in_production(settings):
    settings.LIMITS = service_limits(is_wide=False)


def send(tenant, kind, times=1, *, reader=BOB, is_member=False):
    """Try to send e-mails from a tenant (from public, with None); return how many may go out."""
    with workspace_context(tenant) if tenant else public_context():
        return sum(_may_go(kind, reader, is_member=is_member) for _ in range(times))


def budgets(kind, recipient, *, is_member):
    """Return the budgets of the delivery of this kind."""
    policy = next(each for each in all_policies().values() if each.kind == kind)
    return budgets_of(policy=policy, kind=kind, recipient=recipient, is_member=is_member)


def _may_go(kind, reader, *, is_member):
    try:
        rate_limits.spend(*budgets(kind, reader, is_member=is_member))
    except RateLimitedError:
        return False
    return True


@pytest.mark.parametrize(
    "flood",
    [
        [("invitation", False)],
        [("unknown_account", False)],
        [("email_confirmation_code", False), ("welcome", False)],
        [("password_reset", True), ("email_confirmation_code", True), ("notice", True)],
    ],
)
@pytest.mark.parametrize(
    ("kind", "is_member"),
    [
        ("email_confirmation_code", True),
        ("password_reset", True),
        ("email_confirmation_code", False),
        ("welcome", False),
        ("invitation", False),
        ("unknown_account", False),
    ],
)
def test_one_tenant_that_floods_a_reader_stops_no_email_of_another(
    acme, globex, flood, kind, is_member
):
    for flooding, as_member in flood:
        send(acme, flooding, 40, is_member=as_member)

    assert send(globex, kind, is_member=is_member) == 1
    assert send(None, "workspaces") == 1


def test_what_one_tenant_sends_to_one_reader_has_an_end(acme):
    sent = [
        send(acme, kind, 100, is_member=is_member)
        for kind, is_member in (
            ("invitation", False),
            ("unknown_account", False),
            ("welcome", False),
            ("email_confirmation_code", True),
        )
    ]

    assert sent == [4, 3, 6, 20]


def test_what_all_tenants_send_to_a_stranger_has_an_end(acme, globex, settings):
    # As if there were many more tenants than two: each has room, all together have not.
    roomy = dict.fromkeys(("mail_invitation", "mail_newcomer", "mail_stranger"), "1000/hour")
    settings.LIMITS = {**settings.LIMITS, **roomy}

    for kind, end in (("invitation", 20), ("welcome", 30), ("unknown_account", 10)):
        assert send(acme, kind, end // 2) == end // 2
        assert send(globex, kind, 100) == end - end // 2


def test_even_then_a_members_code_goes_out(acme, globex):
    for kind in ("invitation", "welcome", "unknown_account"):
        send(acme, kind, 100)
        with public_context():
            for _ in range(100):
                _spend_all(kind)

    assert send(globex, "email_confirmation_code", is_member=True) == 1
    assert send(globex, "password_reset", is_member=True) == 1


def _spend_all(kind):
    """Use up what all tenants share, as many of them would."""
    for budget in budgets(kind, BOB, is_member=False)[1:]:
        try:
            rate_limits.spend(budget)
        except RateLimitedError:
            return


def test_resets_that_a_stranger_asks_for_leave_room_for_codes(acme):
    send(acme, "password_reset", 100, is_member=True)

    assert send(acme, "email_confirmation_code", is_member=True) == 1


def test_a_refused_email_takes_nothing_from_what_is_shared(acme, globex, settings):
    settings.LIMITS = {
        **settings.LIMITS,
        "mail_invitation": "1/hour",
        "mail_invitation_all": "2/hour",
    }
    send(acme, "invitation", 50)

    assert send(globex, "invitation") == 1
