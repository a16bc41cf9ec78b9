"""Every guard, and the same service without it: the walk must see each one missing.

Each mutation takes one guard away for a while, in memory alone. To add one: write a function
that yields with the guard gone, under `@mutation` with the guard's sentence.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from celery import Task
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.cache import cache
from django.db import connection, transaction
from django.test import override_settings

from accounts.sessions import store as sessions
from accounts.sign_in.reset_tokens import TenantTokenGenerator
from tasks import outbox
from tasks.querysets import MessageQuerySet
from tenancy import context
from tenancy.context import workspace_context
from tenancy.files import TenantFieldFile
from tenancy.postgresql.base import DatabaseWrapper
from tenancy.task_base import TenantTask
from tenants.directory import services as directory
from tenants.directory.querysets import DirectoryQuerySet
from tenants.domains import hosts
from tenants.models import DirectoryEntry, Tenant
from tests.contexts import public_context

Apply = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Mutation:
    """A guard, by its sentence; `rules` names the steps that can find it missing.

    Where the database keeps the same promise, `database` are the statements that take its guard
    away as well: then the walk must find it. With the first guard gone alone it must find
    nothing, and `refusal` is what the database says; empty where it just shows no such row.
    `is_loud`: without it nothing leaks, but the database refuses what is anybody's right.
    """

    name: str
    guard: str
    apply: Apply
    rules: tuple[str, ...]
    is_quick: bool
    database: tuple[str, ...] = ()
    refusal: str | None = None
    is_loud: bool = False


MUTATIONS: list[Mutation] = []


def mutation(
    guard: str,
    *rules: str,
    quick: bool = False,
    database: tuple[str, ...] = (),
    refusal: str | None = None,
    loud: bool = False,
) -> Callable[[Any], Any]:
    """Register a function that takes a guard away while it yields."""

    def register(function: Callable[[], Iterator[None]]) -> Apply:
        apply = contextmanager(function)
        name = function.__name__
        MUTATIONS.append(Mutation(name, guard, apply, rules, quick, database, refusal, loud))
        return apply

    return register


def without_rows_of_their_own(table: str) -> tuple[str, ...]:
    """Return the statement that shows everybody all rows of a shared table."""
    return (f"ALTER TABLE public.{table} DISABLE ROW LEVEL SECURITY",)


# --- Requests ---


@mutation("A response leaves no context behind", "asks_a_tenants_host")
def keeps_the_context_after_the_response():

    def stays(tenant):
        connection.set_tenant(tenant)
        return nullcontext()

    with patch("tenants.domains.middleware.workspace_context", stays):
        yield


@mutation("A transaction left open is dropped", "leaves_a_transaction_open")
def keeps_open_transactions():
    with patch.object(DatabaseWrapper, "dropped_if_left_open", lambda _self: nullcontext()):
        yield


@mutation("A host is cached under its own name", "asks_a_tenants_host")
def caches_hosts_under_one_key():
    find, keep = hosts.Memory.find, hosts.Memory.keep

    def keep_under_one_key(memory, _host, tenant, *, age):
        keep(memory, "any", tenant, age=age)

    with (
        patch.object(hosts.Memory, "find", lambda memory, _host: find(memory, "any")),
        patch.object(hosts.Memory, "keep", keep_under_one_key),
    ):
        yield


@mutation("A host that moved is forgotten", "moves_a_domain")
def remembers_hosts_that_moved():
    with patch.object(hosts, "forget", lambda *_: None):
        yield


@mutation("A session is named after its tenant, and kept in its schema", "carries_a_session")
def keeps_sessions_in_public():
    store = sessions.SessionStore
    with ExitStack() as stack:
        stack.enter_context(patch.object(sessions, "current_schema", lambda: "public"))
        for name in ("_get_session_from_db", "save", "exists", "delete"):
            stack.enter_context(patch.object(store, name, _in_public(getattr(store, name))))
        yield


def _in_public(method: Any) -> Any:
    def called(*args: Any, **kwargs: Any) -> Any:
        with public_context():
            return method(*args, **kwargs)

    return called


@mutation("A session's cookie is its host's alone", "signs_in")
def shares_the_session_cookie():
    with override_settings(SESSION_COOKIE_DOMAIN=f".{settings.BASE_DOMAIN}"):
        yield


@mutation("A reset's link opens one tenant's account", "carries_a_link")
def resets_in_any_tenant():
    plain = PasswordResetTokenGenerator._make_hash_value
    with patch.object(TenantTokenGenerator, "_make_hash_value", plain):
        yield


@mutation("A picture is read below its tenant's prefix", "steals_a_picture")
def opens_anybodys_picture():
    with patch.object(TenantFieldFile, "is_own", True):
        yield


# --- The cache ---


def _without_schema(key: str, prefix: str, version: int) -> str:
    return f"{prefix}:{version}:{key}"


def _all_public(key: str, prefix: str, version: int) -> str:
    return f"public:{prefix}:{version}:{key}"


@mutation("A cache key carries its schema", "runs_a_program")
def caches_without_schema():
    with _keys(_without_schema):
        yield


@mutation("A cache key is refused without a context", "runs_a_program")
def caches_in_public():
    with _keys(_all_public):
        yield


@contextmanager
def _keys(function: Any) -> Iterator[None]:
    before = settings.CACHES["default"]
    with override_settings(CACHES={"default": {**before, "KEY_FUNCTION": function}}):
        cache.clear()
        yield
    cache.clear()


# --- Tasks ---


@mutation("A task is bound to a schema when it is called", "enqueues")
def sends_tasks_unbound():
    def send(self, *args, schema_name=None, **options):
        return Task.apply_async(self, *args, **options)

    with patch.object(TenantTask, "apply_async", send):
        yield


@mutation("A task is bound at the call, not at the commit", "enqueues")
def binds_tasks_at_the_commit():
    def notify_later(message):
        task, pk = message.task, str(message.pk)
        transaction.on_commit(lambda: outbox.notify(task, context.current_schema(), pk))

    with patch.object(outbox, "notify_on_commit", notify_later):
        yield


@mutation("A task without a tenant is refused", "runs_a_task")
def runs_tasks_anywhere():
    real = TenantTask.bound_context

    def bound(self):
        headers = self.request.headers or {}
        return real(self) if headers.get("schema_name") else public_context()

    with patch.object(TenantTask, "bound_context", bound):
        yield


@mutation("A task of an unknown tenant is refused", "runs_a_task")
def runs_tasks_of_nobody():
    def bound(self):
        schema = (self.request.headers or {}).get("schema_name") or "public"
        with public_context():
            tenant = Tenant.objects.filter(schema_name=schema).first()
        return workspace_context(tenant) if tenant else public_context()

    with patch.object(TenantTask, "bound_context", bound):
        yield


@mutation("A task leaves no context with its worker", "runs_a_task")
def leaves_workers_in_context():
    def call(self, *args, **kwargs):
        connection.set_tenant(context.load_workspace(context.schema_of(self)))
        return self.run(*args, **kwargs)

    with patch.object(TenantTask, "__call__", call):
        yield


@mutation(
    "A worker claims its own tenant's messages",
    "delivers_anothers_message",
    quick=True,
    database=without_rows_of_their_own("tasks_message"),
    refusal="",
)
def claims_anybodys_messages():
    with patch.object(MessageQuerySet, "of_schema", lambda self, _schema: self.all()):
        yield


# --- The directory ---


@mutation("The directory answers about one address", "finds")
def lists_everybodys_workspaces():
    def schemas(self, _hash):
        return list(self.values_list("schema_name", flat=True))

    with patch.object(DirectoryQuerySet, "schemas_of", schemas):
        yield


@mutation(
    "The directory forgets in one schema",
    "deletes_the_twin",
    database=without_rows_of_their_own("tenants_directoryentry"),
    refusal="",
)
def unlists_in_every_schema():
    def unlist(user):
        DirectoryEntry.objects.filter(user_id=user.pk).delete()

    with patch.object(directory, "unlist", unlist):
        yield
