"""What the walk's steps do: requests, links, tasks, threads, commands, files."""

import io
import json
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from celery import current_app, shared_task
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.urls import reverse
from django_redis import get_redis_connection

from accounts.models import Profile, User
from accounts.onboarding.emails import send_welcome
from accounts.profiles import services
from tasks import outbox
from tasks.errors import TaskError
from tasks.models import Message
from tenancy.errors import TenancyError
from tenancy.task_base import TenantTask
from tenants.domains.middleware import TenantMiddleware
from tests.promises.isolation.addresses import Address, handoff_token, ids_for, invitation_token
from tests.promises.isolation.watch import Watch
from tests.promises.isolation.world import PARTIES, PASSWORD, TWIN, TWIN_EMAIL, World

COMMANDS = {
    "list_tenants": ("public", ["list_tenants", "--json"]),
    "check_profiles": ("public", ["check_profiles"]),
    "resend_failed": ("public", ["resend_failed", "--all"]),
    "dump of acme": ("acme", ["tenant_command", "acme", "dumpdata", "accounts", "account"]),
    "dump of globex": ("globex", ["tenant_command", "globex", "dumpdata", "accounts", "account"]),
    "clearsessions": ("public", ["all_tenants_command", "clearsessions"]),
}
EVERYWHERE = {"acme", "globex", "public"}
SHARED = {"acme-shared", "globex-shared", "public-shared"}


@shared_task(base=TenantTask, name="tests.isolation.read_people")
def read_people() -> list[str]:
    """Stands for any task about a tenant's people."""
    return list(User.objects.values_list("full_name", flat=True))


def typed(world: World, party: str, role: str) -> dict[str, str]:
    """Return what somebody types into any form: their own party's words."""
    if role == "visitor":
        return {"email": TWIN_EMAIL, "login": TWIN_EMAIL, "full_name": "Somebody"}
    word = world.word(party, "typed")
    return {
        "email": f"{word}@example.test", "addresses": f"{word}@example.test", "full_name": word,
        "name": f"Twin Works {world.word(f'{party}-shared', 'name')}", "role": "member",
        "language": "en", "job_title": word, "time_zone": "UTC", "confirmed": "1", "q": word,
    }  # fmt: skip


class Actions:
    """Done by the walk, one a step; each is followed by a look everywhere."""

    def __init__(self, world: World, watch: Watch) -> None:
        self.world, self.watch = world, watch
        self.clients: dict[tuple[str, str], Any] = {}
        self.worker = ThreadPoolExecutor(1)

    def end(self) -> None:
        self.worker.submit(connections.close_all).result()
        self.worker.shutdown()

    # --- Requests ---

    def onlooker(self, party: str, role: str) -> str:
        if role == "visitor":
            return "nobody" if party == "public" else f"{party}-visitor"
        return party

    def request(
        self, party: str, role: str, address: Address, whose: str, pick: int, method: str
    ) -> None:
        """Ask for an address with somebody's ids, mine or another's."""
        choices = ids_for(self.world, address, whose) or [{}]
        values = choices[pick % len(choices)]
        if address.arguments and not values:
            return
        client = self.clients.setdefault((party, role), self.world.client(party, role))
        path = address.filled(values)
        onlooker = self.onlooker(party, role)
        actor = onlooker if "-" in onlooker else party
        with self.watch.step(f"{role} {method} {path}", actor, asked=path):
            data = typed(self.world, party, role) if method == "post" else {}
            response = getattr(client, method)(path, data)
            self.watch.look_at(response, onlooker, path)
        if method == "post":
            self.clients.pop((party, role))
            self.heal()

    def sign_in(self, party: str) -> None:
        """Sign in as the twin, with the password that is right everywhere."""
        client = self.world.client(party)
        login = reverse("account_login", urlconf=self.urlconf(party))
        with self.watch.step("twin signs in", party):
            data = {"login": TWIN_EMAIL, "password": PASSWORD}
            response = client.post(login, data, follow=True)
            self.watch.look_at(response, party, "the page after the sign-in")

    def carry_session(self, party: str, to: str) -> None:
        """Show one's session to another host, under each cookie's name."""
        mine = self.world.client(party, "twin")
        key = settings.OPERATOR_COOKIE_NAME if party == "public" else settings.SESSION_COOKIE_NAME
        other = self.world.client(to)
        for name in (settings.SESSION_COOKIE_NAME, settings.OPERATOR_COOKIE_NAME):
            other.cookies[name] = mine.cookies[key].value
        start = "/operator/accounts/email/" if to == "public" else "/"
        onlooker = self.onlooker(to, "visitor")
        self.heal()
        with self.watch.step(f"carries a session from {party}", onlooker):
            for path in (start, "/console/", "/account/"):
                self.watch.look_at(other.get(path, follow=True), onlooker, f"{path} of {to}")

    def carry_link(self, party: str, to: str, kind: str) -> None:
        """Open a link that one party's message or page held on another's host."""
        path = self._link(party, to, kind)
        self.heal()
        client = self.world.client(to)
        onlooker = self.onlooker(to, "visitor")
        # A visit may leave a session behind; it may change nothing else.
        sessions = {f"{to}:django_session", f"{to}:accounts_handoff"}
        what = f"opens the {kind} of {party}"
        with self.watch.step(what, onlooker, may_change=sessions, asked=path):
            response = client.get(path, follow=True)
            self.watch.look_at(response, onlooker, f"the {kind} of {party}")
            if kind == "reset" and response.redirect_chain:
                new = {"password1": PASSWORD + "!", "password2": PASSWORD + "!"}
                response = client.post(response.redirect_chain[-1][0], new, follow=True)
                self.watch.look_at(response, onlooker, f"the {kind} of {party}")

    def _link(self, party: str, to: str, kind: str) -> str:
        twin = self.world.people[party]["twin"]
        if kind == "handoff":
            return f"/accounts/handoff/?token={handoff_token(self.world, party, twin)}"
        if kind == "invitation":
            return f"/accounts/invitation/?token={invitation_token(self.world, party)}"
        self._sign_nobody_in()
        with self.world.context(party):
            key = default_token_generator.make_token(User.objects.get(pk=TWIN))
        arguments = {"uidb36": user_pk_to_url_str(twin), "key": key}
        return reverse("account_reset_password_from_key", self.urlconf(to), kwargs=arguments)

    def _sign_nobody_in(self) -> None:
        """Make the twins equal again: their last sign-ins differ by now."""
        for party in PARTIES:
            schema = self.world.marks[party].schema
            self.world.database.execute(
                f'UPDATE "{schema}".accounts_user SET last_login = NULL WHERE id = %s', [TWIN]
            )

    def urlconf(self, party: str) -> str:
        return settings.PUBLIC_SCHEMA_URLCONF if party == "public" else settings.ROOT_URLCONF

    def stream(self, party: str) -> None:
        """Read a streamed body after its middleware: in a context of its own, or not at all."""

        def lines() -> Iterator[bytes]:
            for name in User.objects.values_list("full_name", flat=True):
                yield name.encode()

        def view(_request: Any) -> StreamingHttpResponse:
            return StreamingHttpResponse(lines())

        answer = TenantMiddleware(view)
        request = RequestFactory(SERVER_NAME=self.world.host_of(party)).get("/")
        with self.watch.step("streams", party):
            response = answer(request)
            try:
                body = b"".join(response.streaming_content)
            except RuntimeError:
                return
            self.watch.refuse(f"A body was streamed without a context: {body!r}")

    def leave_open(self, party: str) -> None:
        """Answer a request with a transaction left open: what comes next must not fall in."""

        def view(_request: Any) -> HttpResponse:
            transaction.atomic().__enter__()
            Profile.objects.filter(pk=TWIN).update(locality=self.world.word(party, "open"))
            return HttpResponse()

        path = "/operator/" if party == "public" else "/"
        request = RequestFactory(SERVER_NAME=self.world.host_of(party)).get(path)
        with self.watch.step("leaves a transaction open", party):
            TenantMiddleware(view)(request)

    def move_domain(self, to: str) -> None:
        """Give a host to another tenant: its next visitor must meet the new owner."""
        host = "moving.example.test"
        from tenants.models import Domain

        with self.world.context("public"):
            found = Domain.objects.filter(domain=host).first() or Domain(domain=host)
            found.tenant, found.is_primary = self.world.tenants[to], False
            found.save()
        self.watch.refresh()
        client = self.world.client(to)
        with self.watch.step("visits a host that moved", f"{to}-visitor"):
            response = client.get("/accounts/login/", headers={"host": host})
            self.watch.look_at(response, f"{to}-visitor", host)

    # --- Tasks ---

    def enqueue(self, party: str, outside: str) -> None:
        """Enqueue in a context that the commit doesn't see any more."""
        with (
            self.watch.step(f"enqueues for {party}", party),
            self.world.context(outside),
            transaction.atomic(),
            self.world.context(party),
        ):
            if party != "public":
                outbox.enqueue(send_welcome, user_id=TWIN)
                read_people.apply_async()

    def work(self, *, in_thread: bool) -> None:
        """Do what waits in the queue, as one worker after another tenant's task."""
        redis = get_redis_connection()
        while raw := redis.rpop("celery"):
            message = json.loads(raw)
            args, kwargs, _embed = json.loads(b64decode(message["body"]))
            headers = {k: message["headers"].get(k) for k in ("schema_name",)}
            party = self.watch.party_of(headers["schema_name"]) or "nobody"
            task = current_app.tasks[message["headers"]["task"]]
            with self.watch.step(f"works on {task.name}", party):
                self.returned(self._run(task, headers, in_thread, *args, **kwargs), party)

    def run_task(self, header: str, *, in_thread: bool) -> None:
        """Run a task whose message names a tenant, none, public or one that never was."""
        party = header if header in self.world.tenants else "nobody"
        schema = self.world.marks[header].schema if header in PARTIES else header
        headers = {"schema_name": schema} if schema else {}
        with self.watch.step(f"runs a task for {header!r}", party):
            self.returned(self._run(read_people, headers, in_thread), party)

    def deliver_foreign(self, party: str, whose: str, *, in_thread: bool) -> None:
        """Deliver one tenant's message in another's name: nothing may come of it."""
        message = Message(schema_name=self.world.marks[whose].schema, key="foreign", user_id=TWIN)
        message.kind, message.task = "welcome", send_welcome.name
        with self.world.context(whose):
            Message.objects.filter(key="foreign", schema_name=message.schema_name).delete()
            message.save(force_insert=True)
        self.watch.refresh()
        headers = {"schema_name": self.world.marks[party].schema}
        with self.watch.step(f"delivers a message of {whose}", party):
            self._run(send_welcome, headers, in_thread, str(message.pk))

    def _run(self, task: Any, headers: dict, in_thread: bool, *args: Any, **kwargs: Any) -> Any:
        def run() -> Any:
            try:
                return task.apply(args, kwargs, headers=headers, throw=True).result
            except (TaskError, TenancyError):
                return None
            finally:
                if in_thread and (left := connection.schema_name):
                    self.watch.note(f"A worker is left in {left}.")

        if not in_thread:
            return run()
        if self.world.pooled:
            connection.close()
            return self.worker.submit(lambda: (run(), connection.close())[0]).result()
        return self.worker.submit(run).result()

    def returned(self, result: Any, party: str) -> None:
        """Look at what a task returned."""
        if result:
            self.watch.look(repr(result), party, "A task")

    # --- Commands, files, messages ---

    def command(self, name: str) -> None:
        onlooker, arguments = COMMANDS[name]
        out, err = io.StringIO(), io.StringIO()
        changes = {*SHARED, *(f"{party}:django_session" for party in EVERYWHERE)}
        with self.watch.step(f"command {name}", onlooker, may_change=changes):
            call_command(*arguments, stdout=out, stderr=err)
            self.watch.look(out.getvalue() + err.getvalue(), onlooker, f"The command {name}")

    def relay(self) -> None:
        """Send everything that is due, from one process."""
        self.world.database.execute(
            "UPDATE public.tasks_message SET due_at = now() WHERE state IN ('pending', 'failed')"
        )
        self.watch.refresh()
        out = io.StringIO()
        with self.watch.step("command relay_outbox", "public", may_change=SHARED):
            call_command("relay_outbox", stdout=out, stderr=io.StringIO())
            self.watch.look(out.getvalue(), "nobody", "relay_outbox")
            self._all_sent()

    def _all_sent(self) -> None:
        """A message that fails is looked at by nobody: what it would tell stays unknown."""
        failed = self.world.database.execute(
            "SELECT schema_name, kind, last_error FROM public.tasks_message"
            " WHERE state = 'failed' AND last_error LIKE '%Error%'"
        ).fetchall()
        if failed:
            self.watch.refuse(f"These messages could not be sent: {failed}")

    def find(self, email: str) -> None:
        with self.watch.step(f"asks where {email} is", "public", may_change=SHARED):
            response = self.world.client("public").post("/find/", {"email": email})
            body = response.content.decode().replace(email, "")
            self.watch.look(body, "nobody", "/find/")
        self.relay()

    def forget_password(self, party: str) -> None:
        """Ask for a reset, as the twin: operators' messages go the same way as a visitor's."""
        path = reverse("account_reset_password", urlconf=self.urlconf(party))
        onlooker = self.onlooker(party, "visitor")
        with self.watch.step("forgets their password", party):
            response = self.world.client(party).post(path, {"email": TWIN_EMAIL}, follow=True)
            self.watch.look_at(response, onlooker, path)
        self.relay()

    def change_picture(self, party: str) -> None:
        with self.watch.step("changes a picture", party), self.world.context(party):
            user = self.world.people[party]["member" if party != "public" else "operator"]
            content = self.world.word(party, "changed").encode()
            services.change_picture(user=user, picture=ContentFile(content, "p.webp"))

    def steal_picture(self, party: str, whose: str) -> None:
        """Name another tenant's file in one's own row: the view must not open it."""
        member, row = self.world.people[party]["member"], self.world.planted[whose].rows
        folder = f"{self.world.marks[whose].schema}/accounts_profile"
        stolen = f"{folder}/{self.world.word(whose, 'pic')}.webp"
        assert Profile in row
        with self.world.context(party):
            Profile.objects.filter(pk=member.pk).update(picture=stolen)
        client = self.world.client(party, "member")
        path = f"/account/picture/{member.pk}/"
        try:
            response = client.get(path)
        finally:
            with self.world.context(party):
                Profile.objects.filter(pk=member.pk).update(picture=member.profile.picture.name)
        self.watch.refresh()
        with self.watch.step(f"names a file of {whose}", party):
            self.watch.look_at(response, party, path)

    def delete_twin(self, party: str) -> None:
        """Delete a person whose id somebody else has as well, and think better of it."""
        with self.watch.step("deletes the twin", party), self.world.context(party):
            directory = 'SELECT count(*) FROM "public"."tenants_directoryentry" WHERE user_id = %s'
            with transaction.atomic():
                before = self._count(directory)
                User.objects.get(pk=TWIN).delete()
                gone = before - self._count(directory)
                transaction.set_rollback(True)
            if gone > 1:
                self.watch.refuse(f"{party}'s twin took {gone} entries of the directory along.")

    def _count(self, statement: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, [str(TWIN)])
            return int(cursor.fetchone()[0])

    # --- In between ---

    def heal(self) -> None:
        """Undo what a form may have done to the people the walk needs."""
        execute = self.world.database.execute
        for party, people in self.world.people.items():
            schema = self.world.marks[party].schema
            for user in people.values():
                execute(
                    f'UPDATE "{schema}".accounts_user SET is_active = true, role = %s,'
                    " password = %s, full_name = %s WHERE id = %s",
                    [user.role, user.password, user.full_name, user.pk],
                )
        if execute(
            "UPDATE public.tenants_tenant SET status = 'active', suspended_at = NULL"
            " WHERE status <> 'active' RETURNING id"
        ).fetchall():
            from tenants.domains import hosts

            hosts.forget(*(tenant.host for tenant in self.world.tenants.values()))
        self.watch.refresh()
