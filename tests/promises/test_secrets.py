"""What is kept opens in its own place alone, whatever stands in the row."""

import pytest
from hypothesis import given, strategies as st

from tasks.errors import SealBrokenError
from tasks.sealing import reseal, seal, unseal

PLACES = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=20)


@given(content=st.binary(max_size=64), place=PLACES, elsewhere=PLACES)
def test_a_seal_opens_in_its_place_alone(content, place, elsewhere):
    sealed = seal(content, place=place)

    assert unseal(sealed, place=place) == content
    if place != elsewhere:
        with pytest.raises(SealBrokenError):
            unseal(sealed, place=elsewhere)


@given(junk=st.binary(max_size=200))
def test_what_was_never_sealed_opens_nothing(junk):
    for broken in (junk, b"gAAAAA" + junk):
        with pytest.raises(SealBrokenError):
            unseal(broken, place="here")
        with pytest.raises(SealBrokenError):
            reseal(broken)
