"""E-mail addresses in every spelling: one mailbox is one account, one invitation, one budget."""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Invitation, User
from tasks import mail
from tasks.mail import budgets_of
from tasks.policies import all_policies
from tenancy.context import workspace_context
from tests.accounts.steps import is_in, sign_in

UNICODE, ASCII = "kim@bücher.example", "kim@xn--bcher-kva.example"
SPELLINGS = [
    UNICODE,
    ASCII,
    "KIM@BÜCHER.example",
    "kim@bu\u0308cher.example",
    "k\u200bim@bücher.example",
]


@pytest.mark.parametrize("typed", SPELLINGS)
def test_a_member_at_a_unicode_domain_signs_in_by_any_spelling(acme, make_user, client_of, typed):
    make_user(acme, UNICODE, full_name="")
    client = client_of(acme)

    sign_in(client, typed)

    assert is_in(client)
    page = client.get("/account/").text
    assert UNICODE in page
    assert "xn--bcher" not in page.replace(f'value="{ASCII}"', "")


def test_a_reset_reaches_the_domain_that_was_typed_and_no_other(
    acme, make_user, client_of, outbox_of
):
    ada, other = make_user(acme, "ada@faß.de"), make_user(acme, "ada@fass.de")

    client_of(acme).post(reverse("account_reset_password"), {"email": "Ada@faß.de"})

    (sent,) = [each for each in outbox_of(acme) if each["kind"] == "password_reset"]
    assert (sent["to"], sent["user_id"]) == ("ada@xn--fa-hia.de", ada.pk)
    assert other.email == "ada@fass.de"


def test_one_mailbox_is_invited_once(acme, console, said):
    response = console.post(
        reverse("console:invite"),
        {"addresses": "\n".join(SPELLINGS), "role": "member", "language": "en"},
        follow=True,
    )

    assert said(response) == [f"{UNICODE} is invited."]
    with workspace_context(acme):
        assert [each.email for each in Invitation.objects.all()] == [ASCII]
    assert UNICODE in response.text
    assert ASCII not in response.text


def test_members_are_found_by_a_unicode_domain(acme, make_user, console):
    make_user(acme, UNICODE)
    make_user(acme, "lee@acme.test")

    for words in ("bücher", UNICODE, ASCII, "BÜCHER"):
        page = console.get(reverse("console:members"), {"q": words}).text
        assert UNICODE in page
        assert "lee@acme.test" not in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("ıbrahim@example.com", "before the @ it may hold the letters a to z"),
        ("root@localhost", "No e-mail can be sent to “localhost”"),
        ("x@[127.0.0.1]", "check what follows the @"),
        ("ki\u202em@example.com", "an invisible character"),
    ],
)
def test_an_address_that_no_e_mail_reaches_is_refused_and_stays_in_the_form(
    db, base_client, visible, typed, sentence
):
    page = base_client.post("/signup/", {"organization": "Initech", "email": typed})

    assert page.status_code == 422
    assert sentence in visible(page)
    assert f'value="{typed}"' in page.text


def test_a_tag_has_no_budget_of_its_own(acme):
    with workspace_context(acme):
        for policy in all_policies().values():
            spent = [
                budgets_of(policy=policy, kind=policy.kind, recipient=to, is_member=False)
                for to in (
                    "kim@bücher.example",
                    "Kim+1@bücher.example",
                    "kim+2@xn--bcher-kva.example",
                )
            ]
            assert spent[0] == spent[1] == spent[2]


def test_no_e_mail_is_rendered_for_an_address_that_smtp_can_not_carry(acme, make_user):
    user = make_user(acme)
    with workspace_context(acme):
        content = mail.EmailContent("welcome", "ıbrahim@example.com", "en", {"user": user})

        with pytest.raises(ValidationError, match="letters a to z"):
            mail.render(content)


def test_every_way_of_writing_a_user_keeps_the_one_form(acme, make_user):
    user = make_user(acme)
    with workspace_context(acme):
        user.email = "Ada@B\u00dcCHER.example"
        user.save()
        assert User.objects.filter(email="ada@xn--bcher-kva.example").exists()
        (made,) = User.objects.bulk_create([User(email="Kim@b\u00fccher.example", full_name="Kim")])
        assert made.email == EmailAddress.objects.get(user=made).email == ASCII
        for refused in ("root@localhost", "\u0131@example.com"):
            with pytest.raises(ValidationError):
                User.objects.create_user(refused, full_name="X")
