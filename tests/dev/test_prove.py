"""The figures of `make prove` end between the page's marks, and nowhere else."""

import json

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
