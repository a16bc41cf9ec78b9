"""The one form of an e-mail address, and what is refused."""

import pytest
from django.core.exceptions import ValidationError

from tasks.addresses import canonical, mailbox, normalise, searched, shown


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("Kim@Example.COM", "kim@example.com"),
        ("ada@faß.de", "ada@xn--fa-hia.de"),
        ("kim@bücher.example", "kim@xn--bcher-kva.example"),
        ("kim@xn--bcher-kva.example", "kim@xn--bcher-kva.example"),
        ("kim@XN--BCHER-KVA.example", "kim@xn--bcher-kva.example"),
        ("kim@bu\u0308cher.example", "kim@xn--bcher-kva.example"),
        ("kim@例え。jp", "kim@xn--r8jz45g.jp"),
        ("kim@ｅｘａｍｐｌｅ.com", "kim@example.com"),
        ("k\u200bim@ex\u00adample.com\u2060", "kim@example.com"),
        ("\ufeff kim@example.com\u3000", "kim@example.com"),
        ("\u212aim@example.com", "kim@example.com"),  # The sign of Kelvin, which NFC makes a K.
        ('"Kim@Home"@example.com', '"kim@home"@example.com'),
        ("kim+news@example.com", "kim+news@example.com"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
    ],
)
def test_each_spelling_of_a_mailbox_is_sent_to_one_address(typed, sent):
    assert canonical(typed) == sent
    assert canonical(sent) == sent
    assert canonical(shown(sent)) == sent


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "valid email"),
        ("kim", "valid email"),
        ("@example.com", "valid email"),
        ("kim@", "valid email"),
        ("kim.@example.com", "valid email"),
        ("x" * 65 + "@example.com", "valid email"),
        ("ki\u202em@example.com", "invisible"),
        ("kim lee@example.com", "a space"),
        ("kim\u3000lee@example.com", "a space"),
        ('"kim lee"@example.com', "a space"),
        ("kim\n@example.com", "invisible"),
        ("ıbrahim@example.com", "letters a to z"),
        ("josé@example.com", "letters a to z"),
        ("kim@אb.example", "“אb.example”"),
        ("kim@" + "a" * 64 + ".de", "check what follows the @"),
        ("root@localhost", "“localhost”"),
        ("kim@[127.0.0.1]", "check what follows the @"),
        ("kim@127.0.0.1", "check what follows the @"),
        ("kim@example.com.", "check what follows the @"),
        ("kim@a_b.example", "check what follows the @"),
        ("kim@xn--zz.example", "check what follows the @"),
        ("kim@a\u202eb.example", "check what follows the @"),
        ("kim@" + ".".join(["a" * 60] * 4) + ".example", "at most 254"),
    ],
)
def test_what_no_e_mail_can_be_sent_to_is_refused_with_a_sentence(typed, sentence):
    with pytest.raises(ValidationError) as refused:
        canonical(typed)

    assert sentence in refused.value.messages[0]
    # A search or a sign-in with it finds nobody, and raises nothing.
    assert isinstance(normalise(typed), str)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("kim@xn--bcher-kva.example", "kim@bücher.example"),
        ("kim@xn--zz.example", "kim@xn--zz.example"),
        ("kim@example.com", "kim@example.com"),
    ],
)
def test_people_read_the_unicode_form(sent, read):
    assert shown(sent) == read


@pytest.mark.parametrize(
    ("address", "of"),
    [
        ("kim+news@example.com", "kim@example.com"),
        ("kim@example.com", "kim@example.com"),
        ("+kim@example.com", "+kim@example.com"),
        ('"kim+a"@example.com', '"kim+a"@example.com'),
    ],
)
def test_a_tag_is_no_mailbox_of_its_own(address, of):
    assert mailbox(address) == of


@pytest.mark.parametrize(
    ("word", "stored"),
    [
        ("kim", "kim"),
        ("bücher", "xn--bcher-kva"),
        ("kim@bücher.example", "kim@xn--bcher-kva.example"),
        ("\u202e", "\u202e"),
    ],
)
def test_a_search_finds_unicode_domains(word, stored):
    assert searched(word) == stored
