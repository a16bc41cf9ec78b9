"""Two tenants and the operators, alike to the hair, each with canaries of their own."""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.db import connection

from accounts.invitations import services as invitation_services
from accounts.models import Role, User
from accounts.profiles import services as profile_services
from tenancy.context import workspace_context
from tests.clients import Client
from tests.contexts import public_context
from tests.promises.isolation import canaries
from tests.promises.isolation.marks import Learned, Mark

PASSWORD = "correct horse battery staple"
# The one who has an account everywhere, under one id, one address and one password, as in a
# copy of a tenant: whoever mixes tenants up finds them.
TWIN = uuid.UUID("77777777-7777-4777-8777-777777777777")
TWIN_EMAIL = "twin@example.test"
# Somebody who is invited everywhere.
EVE = "eve@example.test"
ROLES = ("visitor", "member", "admin", "owner", "unverified", "twin")
PARTIES = ("acme", "globex", "public")
_MADE_WITH = {
    "member": (Role.MEMBER, True),
    "admin": (Role.ADMIN, True),
    "owner": (Role.OWNER, True),
    "unverified": (Role.OWNER, False),
    "twin": (Role.OWNER, True),
}


@dataclass(repr=False)
class World:
    """The two tenants, their people, and a way into the database past the service."""

    tenants: dict[str, object]
    database: psycopg.Connection
    marks: dict[str, Mark]
    planted: dict[str, canaries.Planted]
    people: dict[str, dict[str, User]]
    learned: Learned
    media: Path
    # How many connections the pool holds; none without one.
    pooled: int = 0
    tokens: dict[str, list[str]] = field(default_factory=dict)

    def host_of(self, party: str) -> str:
        return settings.BASE_DOMAIN if party == "public" else self.tenants[party].host

    def context(self, party: str):
        return public_context() if party == "public" else workspace_context(self.tenants[party])

    def client(self, party: str, role: str = "visitor") -> Client:
        """A browser on a party's host, signed in as one of its people."""
        client = Client(SERVER_NAME=self.host_of(party), raise_request_exception=True)
        if role != "visitor":
            with self.context(party):
                client.force_login(self.people[party][role])
            if party == "public":
                session = client.cookies.pop(settings.SESSION_COOKIE_NAME)
                client.cookies[settings.OPERATOR_COOKIE_NAME] = session.value
        return client

    def word(self, party: str, what: str) -> str:
        return self.marks[party].word(what)


def database_url(administrator: str) -> str:
    """Return the way past the service into the database of this test."""
    return urlunsplit(urlsplit(administrator)._replace(path=f"/{connection.settings_dict['NAME']}"))


def make_world(acme, globex, database: psycopg.Connection, media: Path) -> World:
    """Fill the database of this test."""
    marks = canaries.marks_of(acme, globex)
    tenants = {"acme": acme, "globex": globex}
    _number_apart(database, marks)
    for party, tenant in tenants.items():
        word = marks[f"{party}-shared"].word("name")
        database.execute(
            "UPDATE public.tenants_tenant SET name = %s, terms_version = %s WHERE id = %s",
            [f"Twin Works {word}", word, tenant.pk],
        )
        with public_context():
            tenant.refresh_from_db()
    password = make_password(PASSWORD)
    planted, people = {}, {}
    world = World(tenants, database, marks, planted, people, Learned(), media)
    for party in PARTIES:
        tenant = tenants.get(party)
        with public_context():
            planted[party] = canaries.plant(database, marks[party], tenant)
            canaries.plant_shared(database, marks[f"{party}-shared"], planted[party], tenant)
        people[party] = _operators(world, password) if party == "public" else _staff(
            world, party, password
        )  # fmt: skip
    _keep_files(world)
    return world


def _number_apart(database, marks: dict[str, Mark]) -> None:
    """Let no two parties draw the same number for a row of their own."""
    for party in PARTIES:
        rows = database.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind = 'S'"
            " AND relnamespace = %s::regnamespace AND relname IN (SELECT relname"
            "   FROM pg_class WHERE relkind = 'S' AND relnamespace = %s::regnamespace)",
            [marks[party].schema, marks["acme"].schema],
        ).fetchall()
        for (sequence,) in rows:
            # Above whatever this process will plant: these numbers go on from world to world.
            database.execute("SELECT setval(%s, %s)", [sequence, marks[party].number + 500_000])


def _staff(world: World, party: str, password: str) -> dict[str, User]:
    """People of every role, with the same names everywhere, and an invitation."""
    made = {}
    with world.context(party):
        for number, (role, (standing, is_verified)) in enumerate(_MADE_WITH.items()):
            made[role] = _person(world, party, role, number, password, standing, is_verified)
        owner = made["owner"]
        invitation_services.invite(email=EVE, role=Role.MEMBER, by=owner, language="en")
        invited = f"{world.word(party, 'invited')}@example.test"
        invitation_services.invite(email=invited, role=Role.ADMIN, by=owner, language="en")
    return made


def only_at(party: str) -> str:
    """The address of somebody who is a member of one tenant alone; it is no canary."""
    return f"only-at-{party}@example.test"


def _person(world, party, role, number, password, standing, is_verified) -> User:
    mark = world.marks[party]
    plain = {"twin": TWIN_EMAIL, "member": only_at(party)}
    email = plain.get(role, f"{mark.word(role)}@example.test")
    user = User.objects.create_user(
        email, password_hash=password, email_verified=is_verified, role=standing,
        id=TWIN if role == "twin" else mark.uuid(0xF00 + number),
        full_name=f"Ada {mark.word(role)}",
    )  # fmt: skip
    for name in ("job_title", "address_line_1", "address_line_2", "locality", "region"):
        setattr(user.profile, name, mark.word(name))
    user.profile.phone_number = mark.phone
    user.profile.save()
    profile_services.change_picture(
        user=user, picture=ContentFile(f"picture of {mark.word(role)}".encode(), "p.webp")
    )
    return User.objects.select_related("profile").get(pk=user.pk)


def _operators(world: World, password: str) -> dict[str, User]:
    mark = world.marks["public"]
    made = {}
    with public_context():
        for role, pk in (("operator", mark.uuid(0xF00)), ("twin", TWIN)):
            email = TWIN_EMAIL if role == "twin" else f"{mark.word(role)}@example.test"
            made[role] = User.objects.create_user(
                email, password_hash=password, id=pk, full_name=f"Ada {mark.word(role)}",
                welcome=False, email_verified=True, is_staff=True, is_superuser=True,
            )  # fmt: skip
    return made


def _keep_files(world: World) -> None:
    """Give each planted row its file, with a canary in it."""
    for party in PARTIES:
        mark = world.marks[party]
        path = world.media / mark.schema / "accounts_profile" / f"{mark.word('pic')}.webp"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"picture of {mark.word('file')}")
