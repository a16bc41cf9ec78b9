"""The watch: after every step, looks wherever one party could see or touch another."""

import json
import logging
import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from django.core import mail
from django.db import InternalError, ProgrammingError, connection
from django_redis import get_redis_connection

from tests.promises.isolation.marks import MARKS, Canary
from tests.promises.isolation.world import TWIN, World

# What each onlooker may see: texts, and ids. Operators run the service: they see tenants, and
# ids of people in the outbox, but nobody's name, address or file.
_SHARED = {"acme-shared", "globex-shared", "public-shared"}
SEES: dict[str, tuple[set[str], set[str]]] = {
    "acme": ({"acme", "acme-shared"},) * 2,
    "globex": ({"globex", "globex-shared"},) * 2,
    "public": ({"public", *_SHARED}, set(MARKS)),
    "acme-visitor": ({"acme-shared"},) * 2,
    "globex-visitor": ({"globex-shared"},) * 2,
    "nobody": (set(), set()),
}
# Tables that say the same in every schema.
STATIC = {"django_migrations", "django_content_type", "auth_permission"}
# Keys in Redis that no cache wrote: the queue's and the limits', which hold hashes alone.
NOT_CACHED = ("LIMITS:", "celery", "_kombu", "unacked", "public:")
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[a-z0-9]{32}\b")


# How PostgreSQL says no, and what it says until the transaction has ended.
REFUSALS = (ProgrammingError, InternalError)


class Breach(AssertionError):  # noqa: N818  # It is what is looked for, no error of the program.
    """One party sees what is another's, or changes it, or a context outlives its work."""


class LogTrap(logging.Handler):
    """Keeps every line, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[tuple[str | None, str]] = []
        self.setFormatter(logging.getLogger().handlers[0].formatter)
        for handler in logging.getLogger().handlers:
            if type(handler) is logging.StreamHandler:
                self.setFormatter(handler.formatter)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((connection.schema_name, self.format(record)))


@dataclass(repr=False)
class Watch:
    """What the world looked like after the last step, and what is wrong after this one."""

    world: World
    log: LogTrap = field(default_factory=LogTrap)
    steps: int = 0
    story: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    noticed_at: int = 0
    # With a guard taken away, what the database refuses is no leak: the walk goes on after it.
    passes_refusals: bool = False
    refusals: list[str] = field(default_factory=list)
    rows: dict[str, frozenset[str]] = field(default_factory=dict)
    asked: str = ""
    # `make prove` has stopped the walk, in the middle of a step.
    is_stopped: bool = False
    _statement: str = ""

    def start(self) -> None:
        logging.getLogger().addHandler(self.log)
        self.world.learned.forgotten |= {str(TWIN), TWIN.hex}
        self.rows = self._look_at_rows()
        self.steps = 0

    def refresh(self) -> None:
        """Take what was changed between two steps as given."""
        self.rows = self._look_at_rows()

    def stop(self) -> None:
        logging.getLogger().removeHandler(self.log)

    # --- A step ---

    @contextmanager
    def step(
        self, what: str, actor: str, *, may_change: set[str] | None = None, asked: str = ""
    ) -> Iterator[None]:
        """Do something as `actor`; then look everywhere.

        What was `asked` for was in the asker's hands: it may come back as it was sent.
        """
        if self.is_stopped:
            pytest.skip("The time is over.")
        self.asked = asked
        self.story.append(f"{actor}: {what}")
        self.steps += 1
        self.log.lines.clear()
        mail.outbox.clear()
        try:
            yield
            self._nothing_left()
            self._logs(actor)
            self._emails()
            self._redis()
            self._files()
            self._database(_may_change(actor) if may_change is None else may_change)
        except pytest.skip.Exception:
            # What it has interrupted would look like a breach in the steps that follow.
            self.is_stopped = True
            raise
        except BaseException as error:
            if self.passes_refusals and isinstance(error, REFUSALS):
                if isinstance(error, ProgrammingError):
                    self.refusals.append(f"{what}: {error}")
                _drop_the_connection()
                self._after_a_refusal(
                    what, _may_change(actor) if may_change is None else may_change
                )
                return
            if not isinstance(error, Breach):
                error.add_note(self._told())
            self.note(f"{what}: {type(error).__name__}: {error}")
            raise

    def _after_a_refusal(self, what: str, may_change: set[str]) -> None:
        """What was done before it is judged as ever."""
        try:
            self._database(may_change)
        except Breach as breach:
            self.note(f"{what}: {breach}")
            raise

    def _told(self) -> str:
        return "The last steps: " + " → ".join(self.story[-8:])

    def note(self, breach: str) -> None:
        """Remember what was noticed, and after how many steps the first was."""
        self.noticed_at = self.noticed_at or self.steps
        self.breaches.append(breach)

    def refuse(self, sentence: str) -> None:
        raise Breach(f"{sentence}\n{self._told()}")

    def look(self, text: str | bytes, onlooker: str, where: str) -> None:
        """Raise `Breach` when a text shows what its reader may not see."""
        texts, ids = SEES[onlooker]
        if self.asked:
            text = text.decode("latin-1") if isinstance(text, bytes) else text
            # A redirect may lead to another page of the same id.
            for word in (self.asked, *_UUID.findall(self.asked)):
                for form in (word, quote(word), quote(word, safe="")):
                    text = text.replace(form, "")
        seen = {
            canary for canary in self.world.learned.see(text)
            if canary.mark not in (texts if canary.kind == "text" else ids)
        }  # fmt: skip
        if seen:
            self.refuse(f"{where} shows {onlooker}: {_list(seen)}")

    def look_at(self, response: Any, onlooker: str, where: str) -> None:
        """The same for a response: its body, its headers, its cookies."""
        body = b"".join(response.streaming_content) if response.streaming else response.content
        cookies = response.cookies.output(header="")
        self.look(body, onlooker, f"The body of {where}")
        self.look(f"{dict(response.headers)}\n{cookies}", onlooker, f"The head of {where}")
        # A browser has what the redirects before this response have set as well.
        kept = getattr(response, "client", response).cookies
        for cookie in (*response.cookies.values(), *kept.values()):
            if cookie["domain"]:
                self.refuse(f"{where} sets the cookie {cookie.key} for {cookie['domain']}.")

    # --- Where to look ---

    def _nothing_left(self) -> None:
        if connection.schema_name is not None:
            self.refuse(f"The thread is left in the context of {connection.schema_name}.")
        if connection.in_atomic_block:
            self.refuse("A transaction is left open.")
        if connection.connection is None:
            return
        raw = connection.connection
        row = raw.execute(
            "SELECT current_setting('search_path'), current_user = session_user"
        ).fetchone()
        if row != ("pg_catalog", True):
            self.refuse(f"The connection is left in {row[0]} (own role: {row[1]}).")
        if self.world.pooled:
            connection.close()

    def _logs(self, actor: str) -> None:
        for schema, line in list(self.log.lines):
            # Who catches every error would hide what a role may not do: it stands in the log.
            if "ProgrammingError" in line or "permission denied" in line:
                if self.passes_refusals:
                    self.refusals.append(line)
                    continue
                self.refuse(f"The service asked for what it may not have: {line}")
            self.look(line, self.party_of(schema) or actor.removesuffix("-visitor"), "A log line")

    def party_of(self, schema: str | None) -> str:
        return next((m.party for m in self.world.marks.values() if m.schema == schema), "")

    def _emails(self) -> None:
        """An e-mail tells of one party, or to somebody who is in all of them, their names."""
        for email in mail.outbox:
            parts = [email.body, str(email.message()), *(a[0] for a in email.alternatives)]
            seen = {c for part in parts for c in self.world.learned.see(part)}
            told = {MARKS[c.mark].party for c in seen if (c.kind, c.mark) != ("id", "public")}
            is_one = len(told) <= 1
            is_names = all(c.mark in _SHARED or c.mark == "public" for c in seen)
            if not is_one and not (is_names and told <= self._parties_with(email.to[0])):
                self.refuse(f"An e-mail to {email.to} tells of {told}: {_list(seen)}")

    def _parties_with(self, address: str) -> set[str]:
        return {
            party for party in ("acme", "globex", "public")
            if self.world.database.execute(
                f'SELECT 1 FROM "{self.world.marks[party].schema}".account_emailaddress'
                " WHERE lower(email) = lower(%s)", [address]
            ).fetchone()
        }  # fmt: skip

    def _redis(self) -> None:
        redis = get_redis_connection()
        for raw in redis.scan_iter(count=1000):
            key = raw.decode("latin-1")
            party = self.party_of(key.partition(":")[0])
            if key == "celery":
                self._queue(redis.lrange(raw, 0, -1))
            elif party:
                onlooker = self._reader_of(key) if party == "public" else party
                shown = key + _value(redis.get(raw) if redis.type(raw) == b"string" else b"")
                self.look(shown, onlooker, f"The cache under {key}")
            elif key.startswith(NOT_CACHED):
                self.look(key, "nobody", "A key of Redis")
            else:
                self.refuse(f"The key {key} in Redis names no schema.")

    def _reader_of(self, key: str) -> str:
        """A host's entry in public is about that host's tenant alone."""
        for party, tenant in self.world.tenants.items():
            if key.endswith(f"host:{tenant.host}"):
                return f"{party}-visitor"
        return "public"

    def _queue(self, queued: list[bytes]) -> None:
        for raw in queued:
            headers = json.loads(raw)["headers"]
            party = self.party_of(headers.get("schema_name")) or "nobody"
            shown = headers if party == "public" else json.loads(raw)
            self.look(json.dumps(shown), party, f"The queued {headers['task']}")

    def _files(self) -> None:
        for path in self.world.media.rglob("*"):
            if path.is_file():
                schema = path.relative_to(self.world.media).parts[0]
                party = self.party_of(schema) or "nobody"
                self.look(path.read_bytes() + path.name.encode(), party, f"The file {path.name}")

    def _database(self, may_change: set[str]) -> None:
        before, self.rows = self.rows, self._look_at_rows()
        for mark in set(MARKS) - may_change:
            changed = [
                row for row in sorted(before[mark] ^ self.rows[mark])
                if f"{mark}:{row.partition(' ')[0]}" not in may_change
            ]  # fmt: skip
            if changed:
                self.refuse(f"Rows of {mark} changed, which was none of its business: {changed}")

    def _look_at_rows(self) -> dict[str, frozenset[str]]:
        """Return every row of every schema by whose it is; none may hold what is another's."""
        rows: dict[str, set[str]] = {mark: set() for mark in MARKS}
        for mark, table, row in self.world.database.execute(self._everything()).fetchall():
            rows[mark].add(f"{table} {row}")
        for mark, texts in rows.items():
            party = MARKS[mark].party
            for text in texts if party != "public" else ():
                for word in _UUID.findall(text):
                    self.world.learned.add(word, party)
            for text in texts:
                self.look(text, party, f"A row of {mark} ({text[:80]})")
        return {mark: frozenset(texts) for mark, texts in rows.items()}

    def _everything(self) -> str:
        if not self._statement:
            schemas = {m.schema: m.name for m in self.world.marks.values() if "-" not in m.name}
            found = self.world.database.execute(
                "SELECT n.nspname, c.relname,"
                " EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid"
                "   AND attname = 'schema_name' AND NOT attisdropped),"
                " EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid"
                "   AND attname = 'tenant_id' AND NOT attisdropped)"
                " FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
                " WHERE relkind IN ('r', 'p') AND nspname = ANY(%s)",
                [list(schemas)],
            ).fetchall()
            parts = [
                self._rows_of(schema, table, schemas[schema], named=named, tenants=tenants)
                for schema, table, named, tenants in found if table not in STATIC
            ]  # fmt: skip
            self._statement = " UNION ALL ".join(parts)
        return self._statement

    def _rows_of(self, schema: str, table: str, mark: str, *, named: bool, tenants: bool) -> str:
        whose = f"'{mark}'"
        if schema == "public" and (named or tenants):
            owner = "t.schema_name" if named else (
                "(SELECT o.schema_name FROM public.tenants_tenant o WHERE o.id = t.tenant_id)"
            )  # fmt: skip
            cases = " ".join(
                f"WHEN '{self.world.marks[party].schema}' THEN '{party}-shared'"
                for party in ("acme", "globex")
            )
            whose = f"CASE {owner} {cases} ELSE 'public-shared' END"
        return f'SELECT {whose}, \'{table}\', t::text FROM "{schema}"."{table}" t'


def _drop_the_connection() -> None:
    """Start over after a refusal: a program that broke off may have left its transaction open."""
    connection.clear_tenant()
    connection.in_atomic_block = False
    connection.close()


def _may_change(actor: str) -> set[str]:
    party = actor.removesuffix("-visitor")
    if party == "nobody":
        return set()
    return {"public", *_SHARED} if party == "public" else {party, f"{party}-shared"} & set(MARKS)


def _value(raw: bytes | None) -> str:
    """Return what a cached value says: its bytes, and what they unpickle to."""
    if not raw:
        return ""
    try:
        value = pickle.loads(raw)  # noqa: S301  # Our own cache's.
    except Exception:  # noqa: BLE001  # Numbers stand there plain.
        return raw.decode("latin-1")
    return f"{raw.decode('latin-1')} {value!r} {getattr(value, '__dict__', '')}"


def _list(seen: set[Canary]) -> str:
    return ", ".join(sorted(f"{mark}'s {kind} {word}" for kind, mark, word in seen)[:6])
