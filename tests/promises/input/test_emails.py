"""Names in e-mails: they add no header, no reader, no sender and no link."""

from email import message_from_bytes, policy
from email.header import decode_header

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given

from accounts.users.names import validate_display_name
from tasks.mail import EmailContent, render
from tenancy.context import workspace_context
from tests.contexts import public_context
from tests.promises.input import corpus

pytestmark = pytest.mark.django_db

TEMPLATES = {
    "welcome": {"user_name": "", "email": "x@example.test"},
    "invitation": {"inviter_name": "", "role": "Member", "url": "http://x/", "expires_days": 7},
    "notice": {"user_name": "", "notice": "password_changed"},
    "password_reset": {"user_name": "", "password_reset_url": "http://x/"},
}
HEADERS = {
    "Subject", "From", "To", "Date", "Message-ID", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
}  # fmt: skip


@given(name=corpus.texts)
def test_a_name_stays_in_its_place(acme, name):
    """Even one that no form lets through: it may have come by a command."""
    look_at_emails(acme, name)


def test_no_name_of_the_corpus_leaves_its_place(acme, full, dice):
    for name in corpus.TEXTS if full else dice.sample(corpus.TEXTS, 10):
        look_at_emails(acme, name)


def look_at_emails(tenant, name):
    name = name.encode("utf-8", "replace").decode()  # What a database hands out is UTF-8.
    tenant.name = name
    with workspace_context(tenant):
        for template, context in TEMPLATES.items():
            words = {key: value or name for key, value in context.items()}
            email = render(EmailContent(template, "ada@example.test", "en", words))
            look_at(email.message().as_bytes())


def look_at(wire):
    read = message_from_bytes(wire, policy=policy.compat32)
    assert set(read.keys()) == HEADERS - {"Content-Transfer-Encoding"} | (
        set(read.keys()) & HEADERS
    )
    assert read["To"] == "ada@example.test"
    assert "Bcc" not in read
    decoded = "".join(
        part.decode(charset or "ascii", "replace") if isinstance(part, bytes) else part
        for part, charset in decode_header(read["From"])
    )
    assert decoded.rstrip().endswith("<no-reply@localhost>") or decoded == "no-reply@localhost"


ADVERTISEMENTS = (
    "acme.com", "www.acme.com now", "ACME.COM", "http://x", "https://x", "hxxp://acme", "a@b",
    "acme．com", "acme。com", "acme｡com", "acme․com", "acme﹒com", "ａｃｍｅ．ｃｏｍ",
    "🎉.ws", "i❤.ws", "acme.みんな", "a＠b", "a﹫b", "http：//x", "𝐚𝐜𝐦𝐞.𝐜𝐨𝐦", "acme.co\u0301m",
    "acme\u200b.com", "acme\u00ad.com", "acme\n.com", "acme\u2028x", "\u202emoc.emca",
    "=?utf-8?q?support=40bank?=", "x =?utf-8?b?aHR0cDovL3g=?=", "t.co/x", "acme.com.",
)  # fmt: skip
NAMES = (
    "Acme Inc.", "J. R. R. Tolkien", "St. Mary's", "O'Brien & Söhne GmbH", "주식회사 에이스",
    "ООО Ромашка", "Yahoo!", "3M", "A.B. Smith", "Dr. No, jr.", "Wait... what", "#1 (Berlin)", "👩",
    "محمد", "C++",
)  # fmt: skip


@pytest.mark.parametrize("name", ADVERTISEMENTS)
def test_a_name_is_no_advertisement(name):
    with pytest.raises(ValidationError):
        validate_display_name(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_name(name):
    validate_display_name(name)


def test_an_encoded_word_is_not_sent_as_one(acme):
    """Mail programs decode it wherever it stands: here into somebody else's address."""
    acme.name = "=?utf-8?q?support=40bank=2Etest?="
    with workspace_context(acme):
        email = render(EmailContent("welcome", "ada@example.test", "en", TEMPLATES["welcome"]))

    for header in ("Subject", "From"):
        assert "support@bank.test" not in str(decode_header(email.message()[header]))


def test_find_writes_nothing_but_an_address(acme):
    with public_context():
        context = {"workspaces": [{"name": "a\r\nBcc: x", "url": "http://x"}]}
        email = render(EmailContent("workspaces", "ada@example.test", "ko", context))

    assert "Bcc" not in email.message()
