"""The accounts after the chaos run: by plain SQL as administrator, without the service's code.

Only the names of the models' tables are asked of Django: what a schema must hold is theirs.
"""

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg
from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings
from psycopg import sql

from tests.promises.chaos.mail_server import Copy
from tests.promises.chaos.people import Founder, Guest

LEASE_SECONDS = 600
SHAPE = """
    SELECT (SELECT array_agg(t ORDER BY t) FROM (
               SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                      || ' ' || a.attnotnull
                 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                WHERE c.relnamespace = n.oid AND c.relkind = 'r') columns (t)),
           (SELECT array_agg(t ORDER BY t) FROM (
               SELECT conrelid::regclass || ' ' || contype::text || conkey::text || condeferrable
                 FROM pg_constraint WHERE connamespace = n.oid) constraints (t)),
           (SELECT array_agg(t ORDER BY t) FROM (
               SELECT tablename || ' ' || replace(indexdef, n.nspname, '')
                 FROM pg_indexes WHERE schemaname = n.nspname) indexes (t))
      FROM pg_namespace n WHERE nspname = %s
"""
PEOPLE = """
    SELECT u.id, u.email, u.role,
           (SELECT count(*) FROM accounts_profile p WHERE p.user_id = u.id),
           (SELECT count(*) FROM account_emailaddress e
             WHERE e.user_id = u.id AND e.email = u.email AND e."primary"),
           (SELECT count(*) FROM public.tenants_directoryentry d
             WHERE d.schema_name = %(schema)s AND d.user_id = u.id
               AND d.address_hash = %(hash)s),
           (SELECT count(*) FROM public.tasks_message m
             WHERE m.schema_name = %(schema)s AND m.user_id = u.id AND m.kind = 'welcome')
      FROM accounts_user u WHERE u.id = %(id)s
"""


class Opened(NamedTuple):
    """A tenant's row, by its slug."""

    schema: str
    idempotency_key: str
    at: float


@dataclass
class Accounts:
    """What the database holds, in one snapshot, and what is wrong with it."""

    findings: list[str] = field(default_factory=list)
    tenants: dict[str, "Opened"] = field(default_factory=dict)
    # By schema, then by address: the role, and whether an invitation was accepted.
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    invitations: dict[str, dict[str, bool]] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def find(self, *words: object) -> None:
        self.findings.append(" ".join(map(str, words)))


def take(url: str, keys: Mapping[str, str]) -> Accounts:
    """Read everything in one snapshot, and check what must be true at any moment."""
    accounts, seal = Accounts(), Fernet(keys["PAYLOAD_KEYS"])
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        _tenants(connection, accounts)
        shapes: dict[str, list[str]] = defaultdict(list)
        for slug, (schema, *_) in accounts.tenants.items():
            connection.execute(
                sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(schema))
            )
            shapes[_shape(connection, schema)].append(slug)
            if not _has_its_tables(connection, schema, accounts):
                continue
            _people(connection, schema, slug, keys["DIRECTORY_KEY"], accounts)
            _invitations(connection, schema, accounts)
            _sessions(connection, schema, seal, accounts)
        if len(shapes) > 1:
            accounts.find("schemas differ:", sorted(map(len, shapes.values())), dict(shapes))
        _strays(connection, accounts)
        _messages(connection, accounts)
    return accounts


def _tenants(connection: psycopg.Connection[Any], accounts: Accounts) -> None:
    rows = connection.execute(
        "SELECT slug, schema_name, idempotency_key::text, extract(epoch FROM created_at),"
        " (SELECT array_agg(domain) FROM"
        " public.tenants_domain d WHERE d.tenant_id = t.id AND is_primary)"
        " FROM public.tenants_tenant t"
    ).fetchall()
    for slug, schema, key, opened_at, domains in rows:
        accounts.tenants[slug] = Opened(schema, key, float(opened_at))
        if domains != [f"{slug}.localhost"]:
            accounts.find(slug, "has the primary domains", domains)
    found = connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'"
        " AND nspname NOT IN ('public', 'information_schema')"
    ).fetchall()
    spare = connection.execute("SELECT schema_name FROM public.tenancy_pooledschema").fetchall()
    schemas, named = (
        {name for (name,) in found},
        {*(each.schema for each in accounts.tenants.values()), *(name for (name,) in spare)},
    )
    for schema in schemas ^ named:
        accounts.find(schema, "is", "a schema alone" if schema in schemas else "a tenant alone")


def _has_its_tables(connection: psycopg.Connection[Any], schema: str, accounts: Accounts) -> bool:
    """Whether its tables are those of the models, all of them and no other."""
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
    odd = model_tables() ^ {name for (name,) in rows}
    if odd:
        accounts.find(schema, "lacks tables, or has others:", sorted(odd))
    return not odd


def _shape(connection: psycopg.Connection[Any], schema: str) -> str:
    """A digest of columns, constraints and indexes: the same for every tenant."""
    row = connection.execute(SHAPE, [schema]).fetchone()
    return hashlib.sha256(json.dumps(row).encode()).hexdigest()


def model_tables() -> set[str]:
    models = [
        model
        for name in settings.TENANT_APPS
        for model in apps.get_app_config(name.rpartition(".")[2]).get_models(
            include_auto_created=True
        )
    ]
    return {model._meta.db_table for model in models} | {"django_migrations"}


def _people(
    connection: psycopg.Connection[Any], schema: str, slug: str, key: str, accounts: Accounts
) -> None:
    people = connection.execute("SELECT id, email FROM accounts_user").fetchall()
    accounts.people[schema] = {}
    for user_id, email in people:
        digest = hmac.new(key.encode(), email.lower().encode(), hashlib.sha256).hexdigest()
        values = {"schema": schema, "hash": digest, "id": user_id}
        _id, _email, role, *parts = connection.execute(PEOPLE, values).fetchone()
        accounts.people[schema][email] = role
        if parts != [1, 1, 1, 1]:
            accounts.find(slug, email, "has profile, address, directory, welcome:", parts)
    owners = [email for email, role in accounts.people[schema].items() if role == "owner"]
    if owners != [f"ada@{slug}.test"]:
        accounts.find(slug, "is owned by", owners)


def _invitations(connection: psycopg.Connection[Any], schema: str, accounts: Accounts) -> None:
    rows = connection.execute(
        "SELECT i.email, i.accepted_at IS NOT NULL, (SELECT count(*) FROM public.tasks_message m"
        " WHERE m.schema_name = %s AND m.kind = 'invitation'"
        " AND m.arguments->>'invitation_id' = i.id::text) FROM accounts_invitation i",
        [schema],
    ).fetchall()
    accounts.invitations[schema] = {email: accepted for email, accepted, _ in rows}
    if len(rows) != len(accounts.invitations[schema]):
        accounts.find(schema, "has invited somebody twice")
    for email, is_accepted, messages in rows:
        if messages != 1:
            accounts.find(schema, email, "has a wrong number of invitation messages:", messages)
        if is_accepted != (email in accounts.people[schema]):
            accounts.find(schema, email, "is a member" if not is_accepted else "is no member")


def _sessions(
    connection: psycopg.Connection[Any], schema: str, seal: Fernet, accounts: Accounts
) -> None:
    own = {str(pk) for (pk,) in connection.execute("SELECT id FROM accounts_user")}
    for key, sealed in connection.execute("SELECT session_key, session_data FROM django_session"):
        place, _, session = seal.decrypt(sealed.encode()).decode().partition("\n")
        if place != f"session {schema} {key}":
            accounts.find(schema, "holds a session of", place)
        user_id = json.loads(session).get("_auth_user_id")
        if user_id is not None and user_id not in own:
            accounts.find(schema, "holds a session of", user_id, "who is nobody here")


def _strays(connection: psycopg.Connection[Any], accounts: Accounts) -> None:
    """Rows of the shared tables that belong to nobody."""
    named = [each.schema for each in accounts.tenants.values()]
    for table in ("tenants_directoryentry", "tasks_message"):
        rows = connection.execute(
            f"SELECT schema_name, count(*) FROM public.{table}"
            " WHERE schema_name <> ALL(%s) GROUP BY 1",
            [named],
        ).fetchall()
        for schema, count in rows:
            accounts.find(table, "has rows of", schema, count)
    for schema, people in accounts.people.items():
        (listed,) = connection.execute(
            "SELECT count(*) FROM public.tenants_directoryentry WHERE schema_name = %s", [schema]
        ).fetchone()
        if listed != len(people):
            accounts.find(schema, "lists", listed, "of", len(people))


def _messages(connection: psycopg.Connection[Any], accounts: Accounts) -> None:
    rows = connection.execute(
        "SELECT id::text, schema_name, kind, state, attempts, user_id,"
        " extract(epoch FROM due_at - now()) FROM public.tasks_message"
    ).fetchall()
    names = ("id", "schema", "kind", "state", "attempts", "user_id", "due_in")
    accounts.messages = [dict(zip(names, row, strict=True)) for row in rows]
    for message in accounts.messages:
        if message["state"] == "dead":
            accounts.find(message["kind"], message["id"], "was given up")
        elif message["state"] != "sent" and message["due_in"] > LEASE_SECONDS:
            accounts.find(message["kind"], message["id"], "is stuck in", message["state"])


def check_people(accounts: Accounts, founders: list[Founder]) -> None:
    """Who was shown a success is there, whole; nobody else is there in part.

    Whether a tenant that is there is whole, `take` has seen.
    """
    for founder in founders:
        opened = accounts.tenants.get(founder.slug)
        if opened is None:
            if founder.has_opened:
                accounts.find(founder.slug, "was shown a success, and has nothing")
            continue
        if opened.schema not in accounts.people:
            continue
        if opened.idempotency_key != founder.typed["idempotency_key"]:
            accounts.find(founder.slug, "was opened by the form", opened.idempotency_key)
        for guest in founder.guests:
            _check_guest(accounts, opened.schema, guest)
    strangers = set(accounts.tenants) - {founder.slug for founder in founders}
    if strangers:
        accounts.find("nobody asked for", strangers)


def _check_guest(accounts: Accounts, schema: str, guest: Guest) -> None:
    if guest.is_invited and guest.email not in accounts.invitations[schema]:
        accounts.find(guest.email, "was said to be invited, and isn't")
    if guest.is_in and accounts.people[schema].get(guest.email) != "member":
        accounts.find(guest.email, "was let in, and is no member")


@dataclass
class Post:
    """The state of the messages."""

    sent: int = 0
    copies: int = 0
    # By cause: the server hung up without a word, or we died before we had noted its word.
    doubled_by_the_server: int = 0
    doubled_by_a_death: int = 0


def check_post(accounts: Accounts, copies: list[Copy], calm_since: float, deaths: int) -> Post:
    """Every message arrived, none without its row; doubles are explained, and counted.

    `deaths` is how many processes may have died between the server's word and our note.
    """
    by_id: dict[str, list[Copy]] = defaultdict(list)
    for copy in copies:
        by_id[copy.message_id.removesuffix("@localhost")].append(copy)
    post = Post(copies=len(copies))
    for message in accounts.messages:
        _check_message(accounts, message, by_id.pop(message["id"], []), calm_since, post)
    greeted = {copy.to for copy in copies if copy.kind.startswith("Welcome to")}
    for email in {email for people in accounts.people.values() for email in people} - greeted:
        accounts.find(email, "got no welcome")
    for message_id, ghosts in by_id.items():
        accounts.find("an e-mail without a message:", message_id, [copy.kind for copy in ghosts])
    if post.doubled_by_a_death > deaths:
        accounts.find("doubles without a cause:", post.doubled_by_a_death, "by at most", deaths)
    return post


def _check_message(
    accounts: Accounts, message: dict[str, Any], copies: list[Copy], calm_since: float, post: Post
) -> None:
    name = f"{message['kind']} {message['id']}"
    if message["state"] != "sent":
        accounts.find(name, "is", message["state"])
        return
    post.sent += 1
    if not any(copy.is_acknowledged for copy in copies):
        accounts.find(name, "is recorded as sent, and the server has not accepted it")
    if len({copy.to for copy in copies}) > 1:
        accounts.find(name, "went to several readers")
    if len(copies) > message["attempts"]:
        accounts.find(name, "came", len(copies), "times in", message["attempts"], "attempts")
    if sum(copy.moment > calm_since and copy.is_acknowledged for copy in copies) > 1:
        accounts.find(name, "came twice while nothing was wrong")
    answered = sum(copy.is_acknowledged for copy in copies)
    post.doubled_by_the_server += len(copies) - max(answered, 1)
    post.doubled_by_a_death += max(answered - 1, 0)
    _check_reader(accounts, message, copies, name)


def _check_reader(
    accounts: Accounts, message: dict[str, Any], copies: list[Copy], name: str
) -> None:
    """The recipient is a user of the tenant that the message belongs to."""
    schema = message["schema"]
    known = {*accounts.people.get(schema, ()), *accounts.invitations.get(schema, ())}
    for copy in copies:
        if copy.to not in known:
            accounts.find(name, "went to", copy.to, "who is not of", schema)
