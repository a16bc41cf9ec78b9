"""The console's list of members, and the search in it, in a large organisation."""

from collections.abc import Iterator

import psycopg
from psycopg import sql

from bench.registry import Run, measurement
from bench.results import Result, percentile
from bench.subjects import DATABASES, Subject
from bench.tenants import hosts_with_rows

HOST = "bench-0.localhost"
FIRST = ("Ada", "Grace", "Alan", "Barbara", "Edsger", "Donald", "Margaret", "Linus", "Radia", "Ken")
LAST = ("Lovelace", "Hopper", "Turing", "Liskov", "Dijkstra", "Knuth", "Hamilton", "Perlman")
PAGES = {
    "the first page": "",
    "a page from the end": "?sort=-name",
    "newest first": "?sort=-joined",
    "last signed in first": "?sort=-seen",
    "signed in longest ago first": "?sort=seen",
    "a search for a frequent name": "?q=hopper",
    "a search for many on the last pages": "?q=radia",
    "a search for one member by name": "?q={rare}",
    "a search for one address": "?q=person{rare}@bench",
    "a search for two words": "?q=ada+{rare}",
    "a search for two letters": "?q=zq",
    "a search for one letter in no name": "?q=%C3%9F",
    "a search without result": "?q=xyzzyx",
}
USERS = """
    INSERT INTO {schema}.accounts_user
        (id, password, is_superuser, email, full_name, language, time_zone, role, is_active,
         is_staff, joined_at, last_login)
    SELECT gen_random_uuid(), '!', false, 'person' || n || '@bench.test',
        (%(first)s::text[])[1 + n %% 10] || ' ' || (%(last)s::text[])[1 + n / 10 %% 8] || ' ' || n,
        'en', 'UTC', 'member', true, false,
        now() - n * interval '1 minute',
        CASE WHEN n %% 3 > 0 THEN now() - n * interval '7 seconds' END
    FROM generate_series(1, %(count)s) AS n
    ON CONFLICT DO NOTHING
"""
PROFILES = """
    INSERT INTO {schema}.accounts_profile
        (user_id, phone_number, job_title, address_line_1, address_line_2, postal_code, locality,
         region, country, picture, updated_at)
    SELECT id, '', '', '', '', '', '', '', '', '', now() FROM {schema}.accounts_user AS u
    WHERE NOT EXISTS (SELECT FROM {schema}.accounts_profile WHERE user_id = u.id)
"""
ADDRESSES = """
    INSERT INTO {schema}.account_emailaddress (email, verified, "primary", user_id)
    SELECT email, true, true, id FROM {schema}.accounts_user AS u
    WHERE NOT EXISTS (SELECT FROM {schema}.account_emailaddress WHERE user_id = u.id)
"""


@measurement(
    "members",
    "The console's list of members in an organisation of 50,000, as its owner requests it: the "
    "whole page by the WSGI application with all of the service's middleware, queries, templates "
    "and all. One page after the other, from a warm process.",
)
def members(run: Run) -> Iterator[Result]:
    hosts_with_rows(run)
    with run.subjects("service") as subjects:
        subject = subjects["service"]
        cookie = subject.run("ours.sign_in", host=HOST).result
        add_members(run, subject, run.size.members)
        for label, query in PAGES.items():
            path = f"/console/members/{query.format(rare=run.size.members // 2)}"
            request = {"path": path, "hosts": [HOST], "cookie": cookie}
            subject.run("pages.get", **request, count=min(3, run.size.requests))
            count = max(2, run.size.requests // 4)
            seconds = subject.run("pages.get", **request, count=count).result
            times = [1000 * each for each in seconds]
            at = f"{label}, of {run.size.members:,} members"
            tail = {"service": percentile(times, 0.95)}
            yield Result("members", at, "ms", {"service": times}, tail=tail, share=95)


def add_members(run: Run, subject: Subject, count: int) -> None:
    """Write members of the first tenant by SQL: Django would take minutes for it."""
    schema = sql.Identifier(subject.run("ours.schemas").result[0])
    url = run.databases[DATABASES[subject.name]]["DATABASE_ADMIN_URL"]
    values = {"first": list(FIRST), "last": list(LAST), "count": count}
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL(USERS).format(schema=schema), values)
        for statement in (PROFILES, ADDRESSES):
            server.execute(sql.SQL(statement).format(schema=schema))
        server.execute("VACUUM ANALYZE")
