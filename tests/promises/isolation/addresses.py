"""Every address of both kinds of host, and the ids that go into it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.apps import apps
from django.conf import settings
from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils import timezone

from accounts.access.link_tokens import hashed
from accounts.models import Handoff, Invitation, User
from tenancy import tables
from tests.promises.isolation.world import TWIN, World

_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Address:
    """A URL pattern: its path with arguments in angle brackets, its view's name and product app."""

    path: str
    name: str
    app: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(_ARGUMENT.findall(self.path))

    def filled(self, values: dict[str, Any]) -> str:
        return _ARGUMENT.sub(lambda match: str(values[match[1]]), self.path)


def addresses_of(party: str) -> list[Address]:
    """Return every address of a party's kind of host."""
    public = party == "public"
    urlconf = settings.PUBLIC_SCHEMA_URLCONF if public else settings.ROOT_URLCONF
    return sorted(set(_walk(get_resolver(urlconf), "", "")), key=lambda each: each.path)


def _walk(resolver: URLResolver, path: str, namespace: str) -> Iterator[Address]:
    for each in resolver.url_patterns:
        below = path + _text_of(each.pattern)
        if isinstance(each, URLPattern):
            app = each.callback.__module__.rpartition(".")[0]
            yield Address(
                "/" + below.replace("//", "/").lstrip("/"),
                namespace + (each.name or ""),
                app if app in settings.PRODUCT_APPS else "",
            )
        else:
            inner = f"{namespace}{each.namespace}:" if each.namespace else namespace
            yield from _walk(each, below, inner)


def _text_of(pattern: Any) -> str:
    if isinstance(pattern, RoutePattern):
        return str(pattern)
    return simplify_regex(str(pattern)).lstrip("/")


# --- What goes into them ---

Ids = Callable[[World, str], list[dict[str, Any]]]


def _rows(statement: str) -> Callable[[World, str], list[Any]]:
    def read(world: World, party: str) -> list[Any]:
        schema = world.marks[party].schema
        return [row[0] for row in world.database.execute(statement.format(schema=schema))]

    return read


def _one(name: str, statement: str) -> Ids:
    read = _rows(statement)
    return lambda world, party: [{name: value} for value in read(world, party)]


_USERS = f"SELECT id FROM \"{{schema}}\".accounts_user WHERE id <> '{TWIN}' ORDER BY 1"
_MESSAGES = "SELECT id FROM public.tasks_message WHERE schema_name = '{schema}' ORDER BY 1"


def _reset_keys(world: World, party: str) -> list[dict[str, Any]]:
    with world.context(party):
        users = [User.objects.get(pk=user.pk) for user in world.people[party].values()]
        return [
            {"uidb36": user_pk_to_url_str(u), "key": default_token_generator.make_token(u)}
            for u in users if u.pk != TWIN
        ]  # fmt: skip


def _confirmation_keys(world: World, party: str) -> list[dict[str, Any]]:
    with world.context(party):
        return [{"key": EmailConfirmationHMAC(a).key} for a in EmailAddress.objects.all()]


def _rows_of_product(world: World, address: Address, party: str) -> list[dict[str, Any]]:
    """Return the ids of all rows that the app of a view has: whatever its arguments are called."""
    schema = world.marks[party].schema
    found = []
    for model in apps.get_app_config(address.app.rpartition(".")[2]).get_models():
        name = f'"{schema if model in tables.tenant_models() else "public"}".{model._meta.db_table}'
        own = f" WHERE schema_name = '{schema}'" if tables.is_tenant_row(model) else ""
        found += world.database.execute(
            f"SELECT {model._meta.pk.column} FROM {name}{own}"
        ).fetchall()
    return [dict.fromkeys(address.arguments, pk) for (pk,) in found]


# An address's arguments, and who they can be. Several arguments go together.
KNOWN: dict[tuple[str, ...], Ids] = {
    ("user_id",): _one("user_id", _USERS),
    ("message_id",): _one("message_id", _MESSAGES),
    ("invitation_id",): _one(
        "invitation_id", 'SELECT id FROM "{schema}".accounts_invitation ORDER BY 1'
    ),
    ("session_id",): _one(
        "session_id", 'SELECT id FROM "{schema}".usersessions_usersession ORDER BY 1'
    ),
    ("uidb36", "key"): _reset_keys,
    ("key",): _confirmation_keys,
    # The operators' pages: by the schema's user, whichever model the page is about.
    ("object_id",): _one("object_id", _USERS),
}
# Arguments that are no ids: words of the code, the same for everybody.
WORDS: dict[str, dict[str, str]] = {
    "/operator/<app_label>/": {"app_label": "tenants"},
    "/operator/<url>": {"url": "nowhere"},
}
# Addresses whose ids come in the query.
QUERIES = {"handoff": "token", "invitation": "token"}
UNKNOWN = (
    "No ids are known for {address.path} ({address.arguments}): say in KNOWN of "
    "tests/promises/isolation/addresses.py which rows of a tenant they name."
)


def ids_for(world: World, address: Address, party: str) -> list[dict[str, Any]]:
    """Return what a party has for an address's arguments. Fails for an unknown kind."""
    if not address.arguments:
        return [{}]
    if address.path in WORDS:
        return [WORDS[address.path]]
    if address.app:
        return _rows_of_product(world, address, party)
    assert address.arguments in KNOWN, UNKNOWN.format(address=address)
    return KNOWN[address.arguments](world, party)


def handoff_token(world: World, party: str, user: User) -> str:
    """Issue a handoff that lasts: the crawl may take longer than a minute."""
    token = f"handoff-{party}-{user.pk}"
    with world.context(party):
        Handoff.objects.update_or_create(
            token_hash=hashed(token),
            defaults={"user": user, "expires_at": timezone.now() + timedelta(hours=1)},
        )
    return token


def invitation_token(world: World, party: str) -> str:
    """Return a token that opens an invitation of a party."""
    token = f"invitation-{party}"
    with world.context(party):
        email = f"{world.word(party, 'invited')}@example.test"
        Invitation.objects.filter(email=email).update(token_hash=hashed(token))
    return token
