"""Fair queueing: each tenant with due messages gets a share, however many another one has.

One index finds the schemas and their messages, without reading the messages that have to wait.
"""

from datetime import datetime
from itertools import chain, zip_longest

from django.core.cache import cache
from django.db import connection

from tasks.models import Message

# Cache key: the schema of the message that was taken last.
LAST = "outbox:last-schema"
# A loose index scan, which PostgreSQL can only express by recursion: from schema to schema along
# the index, past all other messages of each.
SCHEMAS = """
    WITH RECURSIVE rotation (schema_name, number) AS (
        (SELECT schema_name, 1 FROM tasks_message
         WHERE state IN ('pending', 'sending', 'failed') AND due_at <= %(now)s
           AND schema_name > %(after)s
         ORDER BY schema_name LIMIT 1)
        UNION ALL
        (SELECT next.schema_name, number + 1 FROM rotation CROSS JOIN LATERAL
            (SELECT m.schema_name FROM tasks_message m
             WHERE m.state IN ('pending', 'sending', 'failed') AND m.due_at <= %(now)s
               AND m.schema_name > rotation.schema_name
             ORDER BY m.schema_name LIMIT 1) AS next
         WHERE number < %(most)s)
    )
    SELECT schema_name FROM rotation
"""


def take(now: datetime, most: int) -> list[Message]:
    """Lock and return due messages, `most` at most, one of each schema in rotation.

    Rows that another transaction has locked are skipped. Each call starts after the schema that
    the last one ended with, so that small batches reach all schemas, too.
    """
    if most < 1:
        return []
    names = schemas(now, most)
    each = -(-most // len(names)) if names else 0
    shares = {name: _of_schema(name, now, each) for name in names}
    if (missing := most - sum(map(len, shares.values()))) > 0:
        # What some schemas don't need goes to those with more messages.
        for name in [name for name in names if len(shares[name]) == each]:
            shares[name] = _of_schema(name, now, each + missing)
    taken = [message for message in chain(*zip_longest(*shares.values())) if message][:most]
    if taken:
        cache.set(LAST, taken[-1].schema_name, timeout=None)
    return taken


def schemas(now: datetime, most: int) -> list[str]:
    """Return the next schemas with due messages, `most` at most, in rotation.

    Concurrent callers get the same schemas. No schema is passed over: the next call starts after
    the last schema that either of them has served. While Redis is away, each process keeps a
    rotation of its own.
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
