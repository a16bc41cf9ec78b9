"""What holds the tree together: lint's steps, module sizes, locks, catalogues, the Makefile."""

import re
import subprocess
import sys

import pytest
from babel.messages.mofile import read_mo

from dev import keys, lint, messages, migrations, modules
from dev.errors import StackError
from dev.paths import ROOT


def steps_that(*codes):
    return [
        lint.Step(f"step {index}", [sys.executable, "-c", f"print('said {index}'); exit({code})"])
        for index, code in enumerate(codes)
    ]


def test_lint_runs_every_step_and_names_the_failed_ones(monkeypatch, capsys):
    monkeypatch.setattr(lint, "steps", lambda: steps_that(0, 1, 0, 1))

    assert lint.main([]) == 1
    *failures, summary = capsys.readouterr().out.splitlines()
    assert failures == ["· step 1", "    said 1", "· step 3", "    said 3"]
    assert summary.startswith("Failed: step 1, step 3 (of 4 checks")


def test_lint_says_one_line_when_every_step_passes(monkeypatch, capsys):
    monkeypatch.setattr(lint, "steps", lambda: steps_that(0, 0))

    assert lint.main([]) == 0
    assert re.fullmatch(r"All 2 checks passed in \d+ s\.\n", capsys.readouterr().out)


def test_lint_lists_what_each_step_took_when_asked(monkeypatch, capsys):
    monkeypatch.setattr(lint, "steps", lambda: steps_that(0, 0))

    assert lint.main(["--times"]) == 0
    times = capsys.readouterr().out.splitlines()[:-1]
    assert [line.split("s  ")[1] for line in times] == ["step 0", "step 1"]


def test_a_known_mistake_is_refused_in_what_is_shipped(tmp_path, monkeypatch, capsys):
    (tmp_path / "shipped.py").write_text("import pickle\npickle.loads(input())\n")
    monkeypatch.setattr(lint, "SHIPPED", (str(tmp_path),))
    (step,) = (step for step in lint.steps() if step.name == "mistakes")
    monkeypatch.setattr(lint, "steps", lambda: [step])

    assert lint.main([]) == 1
    assert "B301" in capsys.readouterr().out


def test_a_module_past_the_wall_is_refused(tmp_path, monkeypatch, capsys):
    for name, length in {"low": 150, "high": 151, "wall": 400, "past": 401}.items():
        (tmp_path / "saas").mkdir(exist_ok=True)
        (tmp_path / "saas" / f"{name}.py").write_text("pass\n" * length)
    monkeypatch.setattr(modules, "ROOT", tmp_path)

    assert modules.main([]) == 1
    assert re.findall(r"saas/(\w+)\.py", capsys.readouterr().out) == ["past"]
    assert modules.main(["--all"]) == 1
    assert re.findall(r"saas/(\w+)\.py", capsys.readouterr().out) == ["past", "wall", "high"]


@pytest.mark.parametrize("name", ["base", "test", "dev"])
def test_every_requirement_is_pinned_hashed_and_from_nowhere_in_particular(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = re.findall(
        r"^\S+==[^\\]*((?:\\\n +--hash=sha256:[0-9a-f]{64} ?)+)", text, re.MULTILINE
    )

    assert len(entries) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 0
    assert re.findall(r"https?://|--index|--find-links|file:", text) == []


def test_catalogues_are_compiled_when_they_changed(tmp_path, monkeypatch):
    folder = tmp_path / "saas" / "locale" / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text('msgid ""\nmsgstr ""\n\nmsgid "Mail"\nmsgstr "메일"\n')
    monkeypatch.setattr(messages, "ROOT", tmp_path)

    assert (messages.compile_all(), messages.compile_all()) == (1, 0)
    with (folder / "django.mo").open("rb") as file:
        assert read_mo(file).get("Mail").string == "메일"


def test_a_changed_migration_or_setting_is_noticed(tmp_path):
    for name in ("accounts/apps.py", "accounts/migrations/0001_initial.py", "accounts/views.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "saas").mkdir()
    (tmp_path / "saas" / "settings.py").touch()

    found = [str(path.relative_to(tmp_path)) for path in migrations.sources(tmp_path)]

    assert found == ["saas/settings.py", "accounts/migrations/0001_initial.py"]


def test_secrets_are_made_once(tmp_path):
    assert keys.kept(tmp_path / "secrets.json") == keys.kept(tmp_path / "secrets.json")


@pytest.mark.parametrize("content", ["", "[]", '{"secret_key": "alone"}'])
def test_secrets_that_cannot_be_read_are_explained(tmp_path, content):
    (tmp_path / "secrets.json").write_text(content)

    with pytest.raises(StackError, match="make reset"):
        keys.kept(tmp_path / "secrets.json")


def test_make_alone_lists_every_target():
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    makefile = (ROOT / "Makefile").read_text()

    assert re.findall(r"^  make (\S+)", listed, re.MULTILINE) == re.findall(
        r"^([a-z-]+):.* ##", makefile, re.MULTILINE
    )
    (phony,) = re.findall(r"^\.PHONY: (.*)", makefile, re.MULTILINE)
    assert sorted(phony.split()) == sorted(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_the_procfile_names_commands_that_there_are():
    commands = re.findall(r"^\w+: bin/start (\w+)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    known = re.findall(r"^(\w+)\)$", (ROOT / "bin" / "start").read_text(), re.MULTILINE)

    assert (commands, known) == (["web", "worker", "beat"], ["web", "worker", "beat", "migrate"])
