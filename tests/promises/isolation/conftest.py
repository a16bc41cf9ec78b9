"""A world of look-alikes, in a database of the test's own."""

import gc

import psycopg
import pytest
from django.db import connection

from tests.promises.isolation.actions import Actions
from tests.promises.isolation.watch import Watch
from tests.promises.isolation.world import database_url, make_world


@pytest.fixture
def world(committed, acme, globex, administrator, media):
    """Two tenants and the operators, alike but for their canaries."""
    # A walk that has found its fault leaves streams open: their end shall not come in this world.
    gc.collect()
    with psycopg.connect(database_url(administrator), autocommit=True) as database:
        yield make_world(acme, globex, database, media)


@pytest.fixture
def watch(world):
    """Looks everywhere after every step."""
    watch = Watch(world)
    watch.start()
    yield watch
    watch.stop()
    connection.clear_tenant()


@pytest.fixture
def actions(world, watch):
    """What steps are made of, and the worker that does some of them."""
    actions = Actions(world, watch)
    yield actions
    actions.end()
