"""Commits since the rule have an imperative subject and a wrapped body."""

import subprocess

import pytest

from dev import commit_messages

KEPT = [
    "Fix relay slot expiry",
    "Bring the shared tables up to date",
    "Seed more organisations\n\nA body that is wrapped,\nwith a reason.",
    "Name the source\n\nhttps://example.com/" + "a" * 80,
    "Quote the output\n\n    " + "a word " * 20,
]
REFUSED = {
    "Say why a letter waits": "begins with Say",
    "Let the relay wait": "begins with Let",
    "Added a rule": "no imperative",
    "Adding a rule": "no imperative",
    "Add " + "a" * 70: "74 characters",
    "Add a rule\nwith a body": "no empty line",
    "Add a rule\n\n" + "a word " * 11: "wrap the body",
}


@pytest.mark.parametrize("message", KEPT)
def test_a_message_in_its_form_passes(message):
    assert list(commit_messages.complaints_about(message)) == []


@pytest.mark.parametrize("message", REFUSED)
def test_a_message_out_of_form_is_refused(message):
    (complaint,) = commit_messages.complaints_about(message)

    assert REFUSED[message] in complaint


@pytest.fixture
def repository(tmp_path):
    """A clone with the rule in its second commit, and a branch that was begun before it."""
    rule = tmp_path / commit_messages.RULE
    rule.parent.mkdir()

    def git(*arguments):
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)

    def commit(subject):
        git("add", ".")
        git("commit", "--quiet", "--allow-empty", "-m", subject)

    git("init", "--quiet", "--initial-branch=main")
    commit("Say it as before")
    git("checkout", "--quiet", "-b", "earlier")
    commit("Let it be")
    git("checkout", "--quiet", "main")
    rule.write_text("")
    commit("Say it with the rule")
    commit("Add more")
    git("merge", "--quiet", "--no-ff", "-m", "Merged", "earlier")
    commit("Add even more")
    return tmp_path


def test_only_descendants_of_the_rule_are_read(repository):
    found = [message.strip() for _commit, message in commit_messages.commits(repository)]

    assert found == ["Add even more", "Add more"]


def test_a_shallow_clone_is_read_as_far_as_it_reaches(repository, tmp_path_factory):
    clone = tmp_path_factory.mktemp("shallow")
    command = ["git", "clone", "--quiet", "--depth=2", f"file://{repository}", str(clone)]
    subprocess.run(command, check=True)

    found = [message.strip() for _commit, message in commit_messages.commits(clone)]

    assert found in ([], ["Add even more"])


def test_without_a_repository_or_git_nothing_is_read(tmp_path, monkeypatch):
    assert list(commit_messages.commits(tmp_path)) == []
    monkeypatch.setenv("PATH", "")
    assert list(commit_messages.commits(tmp_path)) == []


def test_this_history_keeps_to_the_rule(capsys):
    assert commit_messages.main() == 0, capsys.readouterr().out
