"""Ratios, percentiles and the order of a round's subjects."""

from bench.registry import alternating
from bench.results import Result, percentile


def test_a_ratio_is_taken_round_by_round():
    busy = Result("x", "at", "ms", {"ours": [1, 10, 2], "plain": [1, 10, 1]}, baseline="plain")

    row = busy.as_json()

    assert row["ratios"]["ours"] == {"median": 1, "min": 1, "max": 2}
    assert row["summary"]["ours"]["median"] == 2


def test_the_first_subject_of_a_round_rotates():
    orders = [order for _, order in alternating(3, ["a", "b"])]

    assert orders == [["a", "b"], ["b", "a"], ["a", "b"]]


def test_a_percentile_is_one_of_the_values():
    assert percentile(list(range(100)), 0.99) == 99
    assert percentile([7], 0.99) == 7
