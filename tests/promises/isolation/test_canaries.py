"""The canaries themselves: in every column, and seen however they are wrapped."""

import base64
import zlib
from urllib.parse import quote

import pytest
from django.db import models

from accounts.models import Profile
from tests.promises.isolation.canaries import Planted, _made_up
from tests.promises.isolation.marks import MARKS, Learned
from tests.promises.isolation.watch import STATIC

WORD = MARKS["globex"].word("1")
WRAPPINGS = {
    "plain": WORD,
    "upper case": WORD.upper(),
    "Base64": base64.b64encode(f"a longer text with {WORD}".encode()).decode(),
    "a cursor": base64.urlsafe_b64encode(f'["{WORD}", "some id"]'.encode()).decode().rstrip("="),
    "compressed": base64.urlsafe_b64encode(zlib.compress(f"long {WORD}".encode() * 9)).decode(),
    "a dumped column": "\\x" + WORD.encode().hex(),
    "twice": quote(base64.b64encode(f"<a href='{WORD}'>".encode()).decode(), safe=""),
    "an id": str(MARKS["globex"].uuid(7)),
    "an id without hyphens": MARKS["globex"].uuid(7).hex,
    "a number": str(MARKS["globex"].number + 5003),
    "a phone number": "+1 201-555-0242",
    "an address": MARKS["globex"].ip,
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_canary_is_seen_however_it_is_wrapped(wrapping):
    seen = Learned().see(f"<p>{WRAPPINGS[wrapping]}</p>")

    assert {canary.mark for canary in seen} == {"globex"}


def test_what_belongs_to_several_is_nobodys():
    learned = Learned()

    learned.add("a-word-of-both", "acme")
    assert learned.see("a-word-of-both")
    learned.add("a-word-of-both", "globex")

    assert not learned.see("a-word-of-both")


def test_a_field_of_an_unknown_kind_says_what_to_add():
    class Strange(models.Field):
        model, name = Profile, "strange"

    with pytest.raises(AssertionError, match="MAKERS in tests/promises"):
        _made_up(Strange(), MARKS["acme"], Planted(MARKS["acme"]), None)


def test_every_model_holds_canaries_of_every_party(world, watch, figure):
    for party, planted in world.planted.items():
        shown = (party, f"{party}-shared", "public", "public-shared")
        rows = "\n".join(set().union(*(watch.rows[mark] for mark in shown)))
        assert planted.rows
        for table in {model._meta.db_table for model in planted.rows} - STATIC:
            assert f"{table} " in rows

    columns = sum(planted.columns for planted in world.planted.values())
    figure("Nothing leaks", "columns that hold a canary", columns)
