"""Subdomains: what there may be, and what is suggested instead."""

import pytest

from tenants.organisations import names
from tenants.organisations.errors import NameInvalidError, NameReservedError
from tenants.signup import availability


@pytest.mark.parametrize(
    ("typed", "slug"), [("acme", "acme"), ("ACME", "acme"), (" a-1 ", "a-1"), ("a" * 40, "a" * 40)]
)
def test_a_name_is_taken_as_typed_upper_case_apart(typed, slug):
    assert names.parse(typed) == slug


@pytest.mark.parametrize(
    "typed",
    ["", "ab", "a" * 41, "-acme", "acme-", "ac--me", "xn--80ak6aa92e", "acme.co", "ac me",
     "аcme", "ａcme", "acmé", "ﬁne", "ac_me", "123", "acme\n1", "acme\x00", "../etc", "한국"],
)  # fmt: skip
def test_a_name_that_is_no_label_is_refused_and_never_repaired(typed):
    with pytest.raises(NameInvalidError):
        names.parse(typed)


@pytest.mark.parametrize(
    "typed",
    ["www", "WWW", "api", "admin", "adm1n", "ad-min", "mail", "public", "postgres", "pg-catalog"],
)  # fmt: skip
def test_a_reserved_name_and_its_look_alikes_are_refused(typed):
    with pytest.raises(NameReservedError):
        names.parse(typed)


@pytest.mark.parametrize(
    ("organization", "slug"),
    [
        ("Acme, Inc.", "acme-inc"),
        ("Café Zürich", "cafe-zurich"),
        ("한빛 은행", "hanbic-eunhaeng"),
        ("Mail", "mail-team"),
        ("!!!", ""),
    ],
)
def test_a_subdomain_is_suggested_from_a_name_in_any_script(organization, slug):
    assert names.suggest(organization) == slug


def test_what_is_suggested_instead_of_a_taken_name_is_free(acme):
    from tests.contexts import public_context

    with public_context():
        judged = availability.check(subdomain="acme")
        assert judged.state == "taken"
        assert len(judged.suggestions) == 3
        assert all(availability.check(subdomain=s).state == "free" for s in judged.suggestions)


def test_a_taken_suggestion_makes_way_for_a_free_one(acme):
    from tests.contexts import public_context

    with public_context():
        judged = availability.check(subdomain="", organization="ACME")

    assert (judged.state, judged.suggestion) == ("free", "acme-team")


@pytest.mark.parametrize("typed", ["admin", "WWW", "a", "-x", "a.b"])
def test_what_is_suggested_instead_of_a_refused_name_can_be_had(db, typed):
    from tests.contexts import public_context

    with public_context():
        suggested = availability.check(subdomain=typed).suggestions
        states = {availability.check(subdomain=name).state for name in suggested}

    assert len(suggested) == 3
    assert states == {"free"}
    assert not any("team-" in name for name in suggested)
