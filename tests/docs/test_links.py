"""What the pages point to is there."""

import re

import pytest

from tests.docs.markdown import ROOT, SYMBOL, Page, page, pages, symbols

ELSEWHERE = re.compile(r"[a-z]+:")
TOP = {path.name for path in ROOT.iterdir()} - {"var"}
each_page = pytest.mark.parametrize("shown", pages(), ids=lambda shown: shown.name)


def within(shown: Page) -> list[tuple[str, str, str]]:
    """Each link that stays in the project: its words, its file, its anchor."""
    inner = [(words, target) for words, target in shown.links if not ELSEWHERE.match(target)]
    return [(words, *target.partition("#")[::2]) for words, target in inner]


@each_page
def test_every_link_leads_to_a_file_and_a_heading(shown):
    lost = []
    for words, file, anchor in within(shown):
        target = (shown.path.parent / file).resolve() if file else shown.path
        if not target.exists() or not target.is_relative_to(ROOT):
            lost.append(f"[{words}]({file})")
        elif anchor and anchor not in Page(target).anchors:
            lost.append(f"[{words}]({file}#{anchor})")

    assert lost == []


@each_page
def test_every_symbol_that_is_named_is_defined_where_it_is_said_to_be(shown):
    named = [SYMBOL.fullmatch(span) for span in shown.spans]
    found = [(ROOT / match[1], match[2]) for match in named if match]
    gone = [
        f"{path.relative_to(ROOT)}:{name}"
        for path, name in found
        if not path.is_file() or name not in symbols(path)
    ]

    assert gone == []


@each_page
def test_a_link_on_a_symbol_leads_to_the_symbols_file(shown):
    astray = []
    for words, file, _anchor in within(shown):
        match = SYMBOL.fullmatch(words.strip("`"))
        if match and (shown.path.parent / file).resolve() != ROOT / match[1]:
            astray.append(f"[{words}]({file})")

    assert astray == []


@each_page
def test_every_path_that_is_named_is_there(shown):
    paths = [span for span in shown.spans if re.fullmatch(r"[\w.-]+/[\w./-]*", span)]
    ours = [path for path in paths if path.split("/")[0] in TOP]

    assert [path for path in ours if not (ROOT / path).exists()] == []


@each_page
def test_no_link_counts_on_a_line_number(shown):
    assert [target for _words, target in shown.links if re.search(r"#L\d+", target)] == []


def test_the_index_lists_every_decision():
    decisions = sorted(path.name for path in (ROOT / "docs/adr").glob("0*.md"))

    listed = [
        file for _words, file, _anchor in within(page("docs/adr/README.md")) if file[0] == "0"
    ]

    assert listed == decisions


def test_every_picture_is_shown_somewhere():
    shown = {(p.path.parent / file).resolve() for p in pages() for _words, file, _ in within(p)}

    assert sorted(set((ROOT / "docs/images").glob("*.png")) - shown) == []
