"""Every command and every make target is explained, and what is generated is the code's."""

import re

import pytest
from django.core.management import get_commands

from dev import reference
from dev.paths import PACKAGES
from operations.refused_commands import REFUSED
from tests.docs.markdown import ROOT, page, pages

TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)


def our_commands() -> set[str]:
    folders = [ROOT / app / "management/commands" for app in PACKAGES]
    return {path.stem for folder in folders for path in folder.glob("[!_]*.py")}


def targets() -> set[str]:
    return set(TARGET.findall((ROOT / "Makefile").read_text()))


def test_every_command_is_named_and_has_an_example():
    commands = page("docs/operations/commands.md")
    examples = set(re.findall(r"manage\.py (\w+)", commands.fences))

    assert sorted((our_commands() | REFUSED.keys()) - set(commands.spans)) == []
    assert sorted(our_commands() - examples) == []


@pytest.mark.parametrize("shown", pages(), ids=lambda shown: shown.name)
def test_every_command_in_an_example_is_there(shown):
    named = re.findall(r"(?:manage\.py|dev manage) (\w+)", shown.text)

    assert sorted(set(named) - get_commands().keys()) == []


def test_every_make_target_is_explained():
    explained = set(re.findall(r"`make ([a-z-]+)", page("docs/operations/commands.md").text))

    assert sorted(targets() - explained) == []


@pytest.mark.parametrize("shown", pages(), ids=lambda shown: shown.name)
def test_every_make_target_in_a_page_is_there(shown):
    in_spans = {found[1] for span in shown.spans if (found := re.match(r"make ([a-z-]+)", span))}
    in_fences = set(re.findall(r"^(?:\$ )?make ([a-z-]+)", shown.fences, re.MULTILINE))

    assert sorted((in_spans | in_fences) - targets()) == []


@pytest.mark.parametrize("name", reference.pages())
def test_the_generated_tables_are_those_of_the_code(name):
    written = page(f"docs/{name}").text

    assert written == reference.pages()[name], "run: python -m dev.reference"
