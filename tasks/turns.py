"""Whose turn it is: a few letters of each tenant that has some, however many one of them has.

One index answers both questions without looking at the letters that have to wait.
"""

from datetime import datetime
from itertools import chain, zip_longest

from django.core.cache import cache
from django.db import connection

from tasks.models import Message

# The schema of the last letter that somebody took.
LAST = "outbox:turn"
# From schema to schema along the index, past all other letters of each: PostgreSQL calls it a
# loose index scan, and has no other way to write it.
SCHEMAS = """
    WITH RECURSIVE turn (schema_name, number) AS (
        (SELECT schema_name, 1 FROM tasks_message
         WHERE state IN ('pending', 'sending', 'failed') AND due_at <= %(now)s
           AND schema_name > %(after)s
         ORDER BY schema_name LIMIT 1)
        UNION ALL
        (SELECT next.schema_name, number + 1 FROM turn CROSS JOIN LATERAL
            (SELECT m.schema_name FROM tasks_message m
             WHERE m.state IN ('pending', 'sending', 'failed') AND m.due_at <= %(now)s
               AND m.schema_name > turn.schema_name
             ORDER BY m.schema_name LIMIT 1) AS next
         WHERE number < %(most)s)
    )
    SELECT schema_name FROM turn
"""


def take(now: datetime, most: int) -> list[Message]:
    """Lock and return messages that are due, one of each schema after the other.

    Those that somebody else has just locked are left to them. Each turn goes on behind the
    schema that the last one ended with, however few letters the mail server takes at a time.
    """
    if most < 1:
        return []
    names = schemas(now, most)
    each = -(-most // len(names)) if names else 0
    hands = {name: _of_schema(name, now, each) for name in names}
    if (missing := most - sum(map(len, hands.values()))) > 0:
        # What some don't need is for those who have more.
        for name in [name for name in names if len(hands[name]) == each]:
            hands[name] = _of_schema(name, now, each + missing)
    taken = [message for message in chain(*zip_longest(*hands.values())) if message][:most]
    if taken:
        cache.set(LAST, taken[-1].schema_name, timeout=None)
    return taken


def schemas(now: datetime, most: int) -> list[str]:
    """Return the schemas that have letters due and whose turn it is, going round.

    Two who ask at once get the same ones. That passes over nobody, as whoever comes next goes on
    behind what either of them has served; nor does a Redis that is away, as each process goes
    round by itself then.
    """
    last = cache.get(LAST) or ""
    names = _after(last, now, most)
    if len(names) < most:
        names += [name for name in _after("", now, most) if name <= last][: most - len(names)]
    return names


def _after(name: str, now: datetime, most: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(SCHEMAS, {"after": name, "now": now, "most": most})
        return [str(name) for (name,) in cursor.fetchall()]


def _of_schema(name: str, now: datetime, most: int) -> list[Message]:
    due = Message.objects.of_schema(name).due(now).most_urgent()
    return list(due.select_for_update(skip_locked=True)[:most])
