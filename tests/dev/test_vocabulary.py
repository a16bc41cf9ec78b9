"""The vocabulary of `make lint`: retired words are refused where they are used, and only there."""

import pytest

from dev import vocabulary

RETIRED = {
    "identifiers": {"nudge": "notify_worker", "Errand": "PendingDelivery"},
    "modules": {"rounds": "worker_loop"},
    "phrases": {"rows lie": "revision drift"},
}
PLAIN = '"""Module of the test: it has enough words that one person is not one in a thousand."""\n'


def complaints(root, text, name="tasks/outbox.py"):
    module = root / name
    module.parent.mkdir(parents=True, exist_ok=True)
    module.write_text(text)
    return list(vocabulary.complaints_about(root, RETIRED))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("def nudge(): pass", "nudge"),
        ("from tasks.outbox import nudge as tell", "nudge"),
        ("outbox.nudge()", "nudge"),
        ("def f(nudge): pass", "nudge"),
        ("class Errand: pass", "Errand"),
        ("# Three rows\n# lie here.\nx = 1  # The rows lie.", "rows lie"),
        ('"""Say which rows\nlie."""', "rows lie"),
    ],
)
def test_a_retired_word_is_refused(tmp_path, text, word):
    (complaint,) = complaints(tmp_path, text)

    assert complaint.startswith(f"tasks/outbox.py: {word!r} is retired. Write ")


def test_a_retired_module_is_refused(tmp_path):
    (complaint,) = complaints(tmp_path, PLAIN, "tasks/rounds.py")

    assert "'rounds' is retired. Write worker_loop." in complaint


@pytest.mark.parametrize("text", ["nudged = 'nudge'", "x = 'the rows lie'", "class Errands: pass"])
def test_other_words_and_texts_pass(tmp_path, text):
    assert complaints(tmp_path, text) == []


def test_programs_that_are_persons_are_refused(tmp_path):
    (complaint,) = complaints(tmp_path, '"""Whoever takes a lock waits for nobody."""')

    assert complaint.startswith("Comments and docstrings say nobody, whoever 2 times in 6 words")


def test_two_classes_of_one_name_are_refused(tmp_path):
    complaints(tmp_path, "class Bar: pass", "tasks/charts.py")

    (complaint,) = complaints(tmp_path, "class Bar: pass", "saas/graphs.py")

    assert complaint.startswith("The class Bar stands in saas/graphs.py and tasks/charts.py")


def test_no_retired_word_is_used(capsys):
    assert vocabulary.main() == 0, capsys.readouterr().out


@pytest.mark.parametrize("listed", [{}, {"parts": ["models"]}, {"excepted": ["hosts", "lists"]}])
def test_two_modules_of_one_name_are_refused_unless_they_are_listed(tmp_path, listed):
    for name in (
        "tenants/organisations/models.py",
        "saas/models.py",
        "tenants/domains/hosts.py",
        "saas/hosts.py",
    ):
        complaints(tmp_path, "", name)

    found = list(vocabulary.complaints_about(tmp_path, {**RETIRED, "module_names": listed}))

    said = [complaint.partition(" stands")[0].partition(" is")[0] for complaint in found]
    expected = {"parts": ["hosts"], "excepted": ["models", "lists"], "": ["hosts", "models"]}
    names = expected[next(iter(listed), "")]
    assert said == [f"The module {name}" for name in names]
