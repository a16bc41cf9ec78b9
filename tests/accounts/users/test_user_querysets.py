"""Search: the index is used, and finds what reading every row would find."""

import pytest
from django.db import connection, transaction

from accounts.models import User
from tenancy.context import workspace_context

NAMES = ["Ada Lovelace", "Grace Hopper", "José Ñandú", "김철수", "이철", "Straße 100%", "O_Neil"]
WORDS = [
    "ada", "LOVE", "a", "zq", "é", "ñan", "김철수", "철수", "철", "straße", "0%", "%", "_", "o_n",
    "person3@acme", "@acme.test", "ada person0", "xyzzyx", "\\", "'", "grace  hopper",
]  # fmt: skip


@pytest.fixture
def people(acme, globex, make_user):
    """The same people in both tenants: rows of the other one could be found."""
    for tenant in (acme, globex):
        for number, name in enumerate(NAMES):
            make_user(tenant, f"person{number}@{tenant.slug}.test", full_name=name, password=None)


def switch_off(*ways):
    """Have PostgreSQL take another way, until the transaction ends."""
    with connection.cursor() as cursor:
        for way in ways:
            cursor.execute(f"SET LOCAL enable_{way} = off")


@pytest.mark.parametrize("words", ["hopper", "김철수", "ada lovelace", "person3@acme.test"])
def test_a_search_uses_the_index(acme, people, words):
    with workspace_context(acme), transaction.atomic():
        switch_off("seqscan", "indexscan")

        plan = User.objects.search(words).explain()

    assert "Bitmap Index Scan on user_by_words" in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("words", WORDS)
def test_the_index_finds_what_reading_every_row_finds(acme, people, words):
    def found(*ways):
        with workspace_context(acme), transaction.atomic():
            switch_off(*ways)
            return sorted(User.objects.search(words).values_list("email", flat=True))

    by_index = found("seqscan", "indexscan")
    by_rows = found("bitmapscan", "indexscan")

    assert by_index == by_rows
    assert by_index == sorted(
        f"person{number}@acme.test"
        for number, name in enumerate(NAMES)
        if all(
            word.upper() in name.upper() or word in f"person{number}@acme.test"
            for word in words.split()
        )
    )


def test_a_sign_in_rewrites_no_index(acme, make_user):
    """What changes at each sign-in is in none: PostgreSQL leaves all of them as they are."""
    with workspace_context(acme), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_index JOIN pg_attribute ON attrelid = indrelid"
            " WHERE indrelid = 'accounts_user'::regclass AND attname = 'last_login'"
            " AND (attnum = ANY (indkey) OR pg_get_indexdef(indexrelid) LIKE '%last_login%')"
        )
        assert cursor.fetchone() == (0,)
