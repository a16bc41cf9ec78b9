"""The figures of `make prove` end between the page's marks, and nowhere else."""

import json

import pytest

from dev import prove


def test_the_figures_replace_those_of_last_time(tmp_path, monkeypatch):
    page, figures = tmp_path / "promises.md", tmp_path / "figures.jsonl"
    page.write_text("# Before\n\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    figures.write_text("\n".join(json.dumps(row) for row in (["b", "two", "2"], ["a", "one", "1"])))
    monkeypatch.setattr(prove, "PAGE", page)
    monkeypatch.setattr(prove, "ROOT", tmp_path)

    prove.write_down(figures)

    text = page.read_text()
    assert text.startswith("# Before\n\n<!-- figures -->\nLast written by `make prove` on ")
    assert "| a | one | 1 |\n| b | two | 2 |\n<!-- end of figures -->\nafter\n" in text
    assert "old" not in text


def test_all_attacks_at_full_length_are_written_down():
    plan = prove.plan([])

    assert (plan.scale, plan.is_written_down) == (1, True)
    assert "tests/promises" in plan.pytest


@pytest.mark.parametrize(
    ("minutes", "scale"), [(1, 0), (prove.LEAST_MINUTES, 0), (prove.FULL_MINUTES, 1), (90, 1)]
)
def test_some_minutes_shorten_each_attack_and_leave_the_page_alone(minutes, scale):
    plan = prove.plan([f"--minutes={minutes}"])

    assert (plan.scale, plan.is_written_down) == (scale, False)
    assert "tests/promises" in plan.pytest


def test_one_attack_alone_leaves_the_page_alone():
    plan = prove.plan(["tests/promises/test_twice.py", "-k", "names"])

    assert plan == prove.Plan(("tests/promises/test_twice.py", "-k", "names"))
