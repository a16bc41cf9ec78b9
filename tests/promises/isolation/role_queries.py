"""RoleQueries: each database role names tables outright, and gets what it may see and no more.

What is asked here goes past every filter of ours: the database alone answers or refuses. Which
rows a role may see is told once more, so that a line too many in `tenancy/privileges.py` shows.
"""

import copy
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, ProgrammingError, connection, transaction

from accounts.models import User
from tasks.models import Message
from tasks.roles import RELAY
from tenancy.context import database_role, public_context, workspace_context
from tenancy.privileges import shared_tables
from tenancy.roles import TENANT, VISITOR, DatabaseRole
from tenancy.tables import tenant_rows
from tenants.models import Tenant
from tenants.roles import SIGNUP
from tests.promises.isolation.watch import STATIC, Watch
from tests.promises.isolation.world import World

HOSTS = ("tenants_tenant", "tenants_domain")
OWNED = (*HOSTS, "tenants_directoryentry", "tasks_message", "tasks_scheduledrun")
# Of public's tables, those that show a role all of their rows, and those that show it its own.
ALL: dict[DatabaseRole, tuple[str, ...]] = {
    TENANT: (),
    VISITOR: (*HOSTS, "tenants_directoryentry", "tenants_quarantinedsubdomain"),
    # The script says what every tenant's schema is made of: it holds nobody's rows. A spare
    # schema is nobody's yet.
    SIGNUP: (
        *HOSTS,
        "tenants_quarantinedsubdomain",
        "tenancy_schemasnapshot",
        "tenancy_pooledschema",
    ),
    RELAY: (*HOSTS, "tasks_message", "tasks_scheduledrun"),
}
OWN: dict[DatabaseRole, tuple[str, ...]] = {
    TENANT: OWNED,
    SIGNUP: ("tenants_directoryentry", "tasks_message"),
}


def _add_tables_of_products() -> None:
    """A product's rows of tenants: to a tenant its own, to the others what the model declares."""
    declared = shared_tables()
    for model in tenant_rows():
        options = model._meta
        if options.app_config.name in settings.PRODUCT_APPS:
            for role, privileges in declared[options.db_table].privileges.items():
                lists = next((each for each in (OWN, ALL) if role in each), None)
                if lists and "SELECT" in privileges:
                    lists[role] += (options.db_table,)


_add_tables_of_products()
# Roles that work in public may read no tenant's schema.
PRIVATE = ("accounts_user", "accounts_profile", "django_session", "account_emailaddress")
# Messages that a role may not leave: a visitor writes the answer of /find/ alone.
FORGED = (("public", "password_reset"), ("acme", "workspaces"), ("globex", "welcome"))


class RoleQueries:
    """What the database says to whoever names its tables."""

    def __init__(self, world: World, watch: Watch) -> None:
        self.world, self.watch = world, watch

    def go(self, role: DatabaseRole, party: str) -> None:
        """Read every table of public, and of the tenants where the role is none of theirs."""
        with self._working(role, party, f"names every table as {role}"):
            for table in self._tables():
                self._read(role, party, table)
            if role not in OWN:
                for tenant in self.world.tenants.values():
                    for table in PRIVATE:
                        self._is_refused(role, f'"{tenant.schema_name}"."{table}"')

    def write(self, role: DatabaseRole, party: str) -> None:
        """Write messages in another's name, and think better of it."""
        with self._working(role, party, f"writes in another's name as {role}"):
            for whose, kind in FORGED:
                if whose != party or role == VISITOR:
                    self._forge(role, self.world.marks[whose].schema, kind)

    def touch(self, party: str) -> None:
        """Change every message there is: one's own change, and nobody else's."""
        word = self.world.word(f"{party}-shared", "touched")
        with self.watch.step("changes every message", party), self.world.context(party):
            Message.objects.all().update(last_error=word)

    def ask_what_is_gone(self, party: str) -> None:
        """Work for a tenant whose schema is gone: an answer, even an empty one, is public's."""
        gone = copy.copy(self.world.tenants[party])
        gone.schema_name = "t_gone"
        with self.watch.step("works in a schema that is gone", "nobody"):
            for model in (User, Message, Tenant):
                self._ask_gone(gone, model)

    # --- One table ---

    def _read(self, role: DatabaseRole, party: str, table: str) -> None:
        if table in STATIC or table in ALL[role]:
            return
        where = f'"public"."{table}"'
        if table not in OWN.get(role, ()):
            self._is_refused(role, where)
            return
        rows = _rows(where)
        self.watch.look(repr(rows), party, f"Public's {table}")
        if not rows:
            self.watch.refuse(f"The role {role} does not see {party}'s rows of {table}.")

    def _is_refused(self, role: DatabaseRole, table: str) -> None:
        """Not even an empty answer: no rows today may be some tomorrow."""
        try:
            rows = _rows(table)
        except ProgrammingError as error:
            if "permission denied" not in str(error):
                raise
            return
        self.watch.refuse(f"The role {role} may read {table}: {rows[:3]}")

    def _forge(self, role: DatabaseRole, schema: str, kind: str) -> None:
        message = Message(schema_name=schema, kind=kind, task="t", key="forged")
        try:
            with transaction.atomic():
                message.save(force_insert=True)
                transaction.set_rollback(True)
        except ProgrammingError:
            return
        self.watch.refuse(f"The role {role} writes {kind} for {schema}.")

    def _ask_gone(self, gone: Any, model: Any) -> None:
        try:
            with workspace_context(gone):
                found = list(model.objects.values_list("pk", flat=True))
        except DatabaseError:
            return
        self.watch.refuse(f"A schema that is gone answered about {model.__name__}: {found}")

    # --- Who works, and where ---

    @contextmanager
    def _working(self, role: DatabaseRole, party: str, what: str) -> Iterator[None]:
        with self.watch.step(what, party), self._context(role, party):
            yield

    def _context(self, role: DatabaseRole, party: str) -> AbstractContextManager[None]:
        if role == TENANT:
            return self.world.context(party)
        if role == SIGNUP:
            return database_role(role, self.world.context(party))
        return public_context(role)

    def _tables(self) -> list[str]:
        """Return what stands in public, by the catalogue: no list of ours leaves one out."""
        rows = self.world.database.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p', 'v', 'm') ORDER BY 1"
        )
        return [table for (table,) in rows]


def _rows(table: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return cursor.fetchall()
