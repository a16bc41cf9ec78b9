"""Names of people and organisations: as people write them, but no advertisements."""

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.users.names import validate_display_name
from tenancy.context import workspace_context


@pytest.mark.parametrize(
    "name",
    ["Ada Lovelace", "J.R.R. Tolkien", "Acme Inc.", "St. Gallen AG", "김하나", "Web 2.0",
     "O'Neill & Co.", "Émile", "3.14 Ventures", "🎉", "ශ්\u200dරී ලංකා", "علی\u200cرضا",
     "👨\u200d👩\u200d👧 Park", "👩🏽\u200d🚀 Mae", "❤\ufe0f\u200d🔥", "ㅤ Kim"],
)  # fmt: skip
def test_a_name_is_written_as_people_write_it(name):
    validate_display_name(name)


@pytest.mark.parametrize(
    "name",
    ["evil.me", "paypal.co", "Visit evil.co.uk now", "naver.kr", "evil。com", "evil．com",
     "https://x", "me@evil.test", "a\nb", "a\u202eb", "a\x00b", "=?utf-8?q?x?=",
     "a\u200db", "a\u200cb", "\u200d👩", "👩\u200d", "\u0378\u200dx", "a\u200b"],
)  # fmt: skip
def test_a_name_is_no_address_and_no_control(name):
    with pytest.raises(ValidationError):
        validate_display_name(name)


@pytest.mark.parametrize(
    "name", ["\u3164", "\u2800", "\u034f", "\u180b", "\u115f\u1160", "\uffa0 \u2800"]
)
def test_a_name_can_be_seen(name):
    with pytest.raises(ValidationError, match="visible character"):
        validate_display_name(name)


NFC, NFD = "Zo\u00eb", "Zoe\u0308"


@pytest.mark.parametrize("typed", [NFC, NFD])
def test_both_spellings_of_a_letter_are_one_name(acme, make_user, typed):
    user = make_user(acme, full_name=typed)
    assert user.full_name == NFC
    with workspace_context(acme):
        User.objects.filter(pk=user.pk).update(full_name=typed)
        assert User.objects.get(full_name=NFC) == User.objects.get(full_name=NFD) == user
        for words in (NFC, NFD, NFD.upper()):
            assert list(User.objects.search(words)) == [user]
        user.full_name = typed
        User.objects.bulk_update([user], ["full_name"])
        assert User.objects.values_list("full_name", flat=True).get() == NFC


def test_a_name_that_grows_too_long_is_refused_in_words(acme, make_user, client_of, visible):
    user = make_user(acme)
    letter = "\u0958"  # NFC makes two characters of it.

    page = client_of(acme, user).post(
        "/account/", {"full_name": letter * 40, "language": "en", "time_zone": "UTC"}
    )

    assert page.status_code == 422
    assert "at most 64 characters (it has 80)" in visible(page)
