"""Nothing leaks: any steps in any order, and after each of them a look everywhere."""

import pytest
from django.db import connection
from hypothesis import Phase, settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from tenancy.postgresql.driver import DeadlineConnection
from tests.bouncers import PROGRAM, through_bouncer
from tests.promises.conftest import FULL, scaled
from tests.promises.isolation.walk import walk_of

POOLS = {"no pool": None, "a pool of one": 1, **({"a pool of four": 4} if FULL else {})}


@pytest.fixture
def use_pool(world):
    """Have connections come from a pool, as in production."""
    settings_dict = connection.settings_dict
    before = {**settings_dict, "OPTIONS": {**settings_dict["OPTIONS"]}}

    def use(size: int) -> None:
        connection.close()
        pool = {"min_size": 1, "max_size": size, "timeout": 60}
        # The wrapper says so to a pool that is there when it is made.
        pool["connection_class"] = DeadlineConnection
        settings_dict.update(CONN_MAX_AGE=0, OPTIONS={**before["OPTIONS"], "pool": pool})
        world.pooled = size

    yield use
    connection.close()
    connection.close_pool()
    settings_dict.update(before)


@pytest.mark.parametrize("pool", POOLS)
def test_no_canary_of_one_is_ever_seen_by_another(actions, use_pool, pool, figure):
    if POOLS[pool]:
        use_pool(POOLS[pool])

    walk_whole(actions)

    figure("Nothing leaks", f"steps walked between look-alikes, {pool}", actions.watch.steps)


@pytest.mark.skipif(not FULL, reason="through PgBouncer the walk goes in `make prove`")
@pytest.mark.skipif(not PROGRAM, reason="pgbouncer is not installed")
def test_nor_through_pgbouncer(actions, administrator, tmp_path, figure):
    with through_bouncer(connection, administrator, tmp_path):
        walk_whole(actions)

    figure("Nothing leaks", "steps walked between look-alikes, PgBouncer", actions.watch.steps)


def walk_whole(actions):
    settings = hypothesis_settings(
        max_examples=scaled(60, quick=3),
        stateful_step_count=40,
        phases=(Phase.generate, Phase.explicit),
        report_multiple_bugs=False,
    )
    try:
        run_state_machine_as_test(walk_of(actions), settings=settings)
    finally:
        # A breach may not come a second time: the first says what there is to say.
        assert not actions.watch.breaches, "\n".join(actions.watch.breaches)


def test_who_walks_is_signed_in(world):
    """Or everybody would be a visitor, who sees nothing anyway."""
    for party, people in world.people.items():
        page = "/operator/accounts/email/" if party == "public" else "/account/"
        for role, user in people.items():
            response = world.client(party, role).get(page)

            assert (response.status_code, user.email in response.content.decode()) == (200, True)
            assert response.wsgi_request.user == user
