"""The environment: made once, and what stands in its way is said in a sentence."""

import sys

import pytest

from dev import bootstrap


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Keep these tests off the environment they run in."""
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch()
    requirements = tmp_path / "dev.txt"
    requirements.write_text("one==1\n    --hash=sha256:0\ntwo==2\n    --hash=sha256:1\n")
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "VENV_PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(bootstrap, "MADE_FOR", venv / "made-for")
    monkeypatch.setattr(bootstrap, "INSTALLED", venv / "installed")
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", requirements)
    monkeypatch.setattr(bootstrap, "LOCK", tmp_path / "var" / "bootstrap.lock")
    return tmp_path


@pytest.fixture
def installed(monkeypatch):
    """Count what is installed instead of installing it."""
    calls = []
    monkeypatch.setattr(bootstrap, "make_venv", lambda: calls.append("venv"))
    monkeypatch.setattr(bootstrap, "install_requirements", lambda: calls.append("requirements"))
    return calls


def test_a_second_start_installs_nothing(installed):
    bootstrap.main()
    bootstrap.main()

    assert installed == ["venv", "requirements"]


def test_changed_requirements_are_installed(installed):
    bootstrap.main()
    bootstrap.REQUIREMENTS.write_text("one==1.1\n")
    bootstrap.main()

    assert installed == ["venv", "requirements"] * 2


def test_another_python_makes_another_environment(installed, monkeypatch):
    bootstrap.main()
    monkeypatch.setattr(bootstrap, "VERSION", "3.99.0")
    bootstrap.main()

    assert installed == ["venv", "requirements"] * 2


def test_an_environment_whose_python_is_gone_is_made_again(installed):
    bootstrap.main()
    bootstrap.VENV_PYTHON.unlink()
    bootstrap.main()

    assert installed == ["venv", "requirements"] * 2


def test_a_python_that_is_too_old_is_named(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(bootstrap, "VERSION", "3.9.2")
    monkeypatch.setattr(bootstrap, "NEWER", ())

    assert bootstrap.main() == 1
    sentence = capsys.readouterr().err
    assert f"needs Python 3.11 or newer, and {sys.executable} is 3.9.2" in sentence
    assert "make PYTHON=" in sentence


def test_an_old_python_hands_over_to_a_newer_one_on_path(elsewhere, monkeypatch):
    newer = elsewhere / "python3.13"
    newer.write_text(f'#!/bin/sh\necho "$1" >> "{elsewhere}/asked"\n')
    newer.chmod(0o755)
    monkeypatch.setenv("PATH", str(elsewhere))
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))

    assert bootstrap.main() == 0
    assert (elsewhere / "asked").read_text().splitlines() == ["-c", bootstrap.__file__]


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_or_ensurepip_is_explained(missing, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(SystemExit) as refusal:
        bootstrap.make_venv()

    assert refusal.value.code == 1
    assert "apt-get install python3-venv" in capsys.readouterr().err


def test_a_failing_pip_is_passed_on(elsewhere, capsys):
    bootstrap.VENV_PYTHON.write_text("#!/bin/sh\nexit 1\n")
    bootstrap.VENV_PYTHON.chmod(0o755)

    with pytest.raises(SystemExit) as refusal:
        bootstrap.install_requirements()

    assert refusal.value.code == 1
    assert "Installing 2 packages" in capsys.readouterr().err
    assert not (elsewhere / ".venv" / "installed").exists()
