"""Names of people and organisations: as people write them, but no advertisements."""

import pytest
from django.core.exceptions import ValidationError

from accounts.users.names import validate_display_name


@pytest.mark.parametrize(
    "name",
    ["Ada Lovelace", "J.R.R. Tolkien", "Acme Inc.", "St. Gallen AG", "김하나", "Web 2.0",
     "O'Neill & Co.", "Émile", "3.14 Ventures"],
)  # fmt: skip
def test_a_name_is_written_as_people_write_it(name):
    validate_display_name(name)


@pytest.mark.parametrize(
    "name",
    ["evil.me", "paypal.co", "Visit evil.co.uk now", "naver.kr", "evil。com", "evil．com",
     "https://x", "me@evil.test", "a\nb", "a\u202eb", "a\x00b"],
)  # fmt: skip
def test_a_name_is_no_address_and_no_control(name):
    with pytest.raises(ValidationError):
        validate_display_name(name)
