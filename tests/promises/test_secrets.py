"""What is kept opens in its own context alone, and what is typed stands in no log line."""

import logging

import pytest
from django.conf import settings
from django.test import RequestFactory
from hypothesis import given, strategies as st

from saas.redaction import MASK, present_request
from tenancy.encryption import decrypt, encrypt, reencrypt
from tenancy.errors import DecryptionError

PLACES = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=20)


@given(content=st.binary(max_size=64), context=PLACES, elsewhere=PLACES)
def test_a_seal_opens_in_its_place_alone(content, context, elsewhere):
    encrypted = encrypt(content, context=context)

    assert decrypt(encrypted, context=context) == content
    if context != elsewhere:
        with pytest.raises(DecryptionError):
            decrypt(encrypted, context=elsewhere)


@given(junk=st.binary(max_size=200))
def test_what_was_never_sealed_opens_nothing(junk):
    for broken in (junk, b"gAAAAA" + junk):
        with pytest.raises(DecryptionError):
            decrypt(broken, context="here")
        with pytest.raises(DecryptionError):
            reencrypt(broken)


LINES = st.sampled_from(["{0}", "Refused {0!r}.", "key={0}", "({0}, 1)", "DETAIL: ({0})", "<{0}>"])
TYPED = st.text(
    st.characters(exclude_characters=MASK, exclude_categories=["Cs", "Cc"]), min_size=4, max_size=40
)


@given(secret=TYPED, field=st.sampled_from(["password", "login", "code", "token"]), line=LINES)
def test_what_is_typed_stands_in_no_line_of_its_request(secret, field, line):
    request = RequestFactory().post("/", {field: secret})
    assert request.POST[field] == secret
    options = {**settings.LOGGING["formatters"]["structured"]}
    token = present_request.set(request)
    try:
        record = logging.LogRecord("x", logging.ERROR, "", 0, line.format(secret), None, None)
        said = options.pop("()")(**options).format(record)
    finally:
        present_request.reset(token)

    assert secret not in said.split("Z [error", 1)[-1].removesuffix("[x]")
