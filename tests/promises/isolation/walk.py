"""The walk: a machine that takes any step after any other, and looks after each."""

from typing import Any

from celery import current_app
from django.core.cache import cache
from django.db import connection
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tenancy.roles import TENANT, VISITOR, DatabaseRole
from tests.promises.isolation.actions import COMMANDS, Actions
from tests.promises.isolation.addresses import Address, addresses_of
from tests.promises.isolation.programs import Program, programs
from tests.promises.isolation.role_queries import ALL, RoleQueries
from tests.promises.isolation.world import EVE, TWIN_EMAIL, only_at

parties = st.sampled_from(["acme", "globex"])
everybody = st.sampled_from(["acme", "globex", "public"])
# Opening a tenant makes a schema, and the operators' first page waits for workers' answers.
SLOW = {"sign-up", "admin:index"}
ADDRESSES: dict[str, list[Address]] = {}


def addresses(party: str) -> list[Address]:
    if party not in ADDRESSES:
        ADDRESSES[party] = [each for each in addresses_of(party) if each.name not in SLOW]
    return ADDRESSES[party]


def other(party: str) -> str:
    return {"acme": "globex", "globex": "acme"}[party]


class Walk(RuleBasedStateMachine):
    """Each rule is one step of somebody, somewhere."""

    actions: Actions

    @property
    def role_queries(self) -> RoleQueries:
        return RoleQueries(self.actions.world, self.actions.watch)

    def teardown(self) -> None:
        """Start the next walk clean, whatever this one was stopped in."""
        connection.clear_tenant()
        connection.in_atomic_block = False
        connection.close()
        cache_of_redis = cache.client.get_client()
        cache_of_redis.flushdb()
        self.actions.clients.clear()
        self.actions.heal()

    @rule(party=everybody, operations=st.data())
    def runs_a_program(self, party: str, operations: Any) -> None:
        chosen = operations.draw(programs())
        watch = self.actions.watch
        may_change = {*chosen} & {"acme", "globex", "public"}
        with watch.step(f"program {chosen}", "nobody", may_change=may_change):
            Program(self.actions.world, watch).run(chosen)

    @rule(
        party=parties,
        role=st.sampled_from(["visitor", "member", "admin", "owner", "unverified", "twin"]),
        whose=parties,
        pick=st.integers(0, 40),
        method=st.sampled_from(["get", "get", "post"]),
        data=st.data(),
    )
    def asks_a_tenants_host(self, party, role, whose, pick, method, data) -> None:
        address = data.draw(st.sampled_from(addresses(party)))
        self.actions.request(party, role, address, whose, pick, method)

    @rule(
        role=st.sampled_from(["visitor", "operator", "twin"]),
        whose=everybody,
        pick=st.integers(0, 40),
        data=st.data(),
    )
    def asks_the_base_host(self, role, whose, pick, data) -> None:
        address = data.draw(st.sampled_from(addresses("public")))
        self.actions.request("public", role, address, whose, pick, "get")

    @rule(party=everybody)
    def signs_in(self, party: str) -> None:
        self.actions.sign_in(party)

    @rule(party=everybody, to=everybody)
    def carries_a_session(self, party: str, to: str) -> None:
        if party != to:
            self.actions.carry_session(party, to)

    @rule(party=parties, kind=st.sampled_from(["reset", "invitation", "handoff"]))
    def carries_a_link(self, party: str, kind: str) -> None:
        self.actions.carry_link(party, other(party), kind)

    @rule(party=parties)
    def streams(self, party: str) -> None:
        self.actions.stream(party)

    @rule(party=everybody)
    def leaves_a_transaction_open(self, party: str) -> None:
        self.actions.leave_open(party)

    @rule(party=parties)
    def moves_a_domain(self, party: str) -> None:
        self.actions.move_domain(party)

    @rule(party=parties, outside=everybody)
    def enqueues(self, party: str, outside: str) -> None:
        self.actions.enqueue(party, outside)

    @rule(in_thread=st.booleans())
    def works(self, in_thread: bool) -> None:
        self.actions.work(in_thread=in_thread)

    @rule(
        header=st.sampled_from(["acme", "globex", "public", "", "t_never_was"]),
        in_thread=st.booleans(),
    )
    def runs_a_task(self, header: str, in_thread: bool) -> None:
        self.actions.run_task(header, in_thread=in_thread)

    @rule(party=parties, in_thread=st.booleans())
    def delivers_anothers_message(self, party: str, in_thread: bool) -> None:
        self.actions.deliver_foreign(party, other(party), in_thread=in_thread)

    @rule(name=st.sampled_from(sorted(COMMANDS)))
    def commands(self, name: str) -> None:
        self.actions.command(name)

    @rule(email=st.sampled_from([TWIN_EMAIL, EVE, only_at("acme"), only_at("globex")]))
    def finds(self, email: str) -> None:
        self.actions.find(email)

    @rule(party=everybody)
    def forgets_a_password(self, party: str) -> None:
        self.actions.forget_password(party)

    @rule(party=everybody)
    def changes_a_picture(self, party: str) -> None:
        self.actions.change_picture(party)

    @rule(party=parties)
    def steals_a_picture(self, party: str) -> None:
        self.actions.steal_picture(party, other(party))

    @rule(party=parties)
    def deletes_the_twin(self, party: str) -> None:
        self.actions.delete_twin(party)

    @rule(role=st.sampled_from(list(ALL)), party=parties)
    def goes_round(self, role: DatabaseRole, party: str) -> None:
        self.role_queries.go(role, party)

    @rule(role=st.sampled_from([TENANT, VISITOR]), party=parties)
    def forges_messages(self, role: DatabaseRole, party: str) -> None:
        self.role_queries.write(role, party)

    @rule(party=parties)
    def touches_every_message(self, party: str) -> None:
        self.role_queries.touch(party)

    @rule(party=parties)
    def asks_what_is_gone(self, party: str) -> None:
        self.role_queries.ask_what_is_gone(party)


def walk_of(actions: Actions) -> type[Walk]:
    """Return the machine, bound to a world that is there already."""
    assert current_app.conf.task_always_eager is False
    return type("WalkHere", (Walk,), {"actions": actions})


def narrowed(machine: type[Walk], rules: tuple[str, ...]) -> type[Walk]:
    """Return a machine that takes these steps alone."""
    idle = {name: None for name in vars(Walk) if name not in rules and _is_rule(name)}
    return type("NarrowWalk", (machine,), idle)


def _is_rule(name: str) -> bool:
    return hasattr(getattr(Walk, name), "hypothesis_stateful_rule")
