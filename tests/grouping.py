"""A plugin that keeps the tests of an `xdist_group` in one process, and runs them first."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Groups start servers and take longest: none is to be left over at the end.

    pytest-xdist 3.8 tells the process that schedules which group a test is in by its id, and sets
    an attribute that pytest 9.2 doesn't read any more: every group was spread over all processes.
    """
    items.sort(key=lambda item: _group(item) or "~")
    if getattr(config.option, "loadgroup", False):
        for item in items:
            if group := _group(item):
                item._id = type(item.id).parse(f"{item.nodeid}@{group}")


def _group(item: pytest.Item) -> str:
    mark = item.get_closest_marker("xdist_group")
    return str(mark.args[0]) if mark else ""
