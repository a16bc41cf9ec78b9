"""The engine works alone: in a project without any other app of ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev.paths import ROOT

TOY = Path(__file__).parent / "toy"


@pytest.fixture
def start(empty_database):
    """Run Python in the toy project, with an empty database and a login of its own."""
    environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return lambda *arguments: subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT, env=environment | empty_database, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_the_engine_works_alone(start):
    done = start("-m", "pytest", "-c", TOY / "pytest.ini", "--noconftest", TOY / "proofs.py")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 passed" in done.stdout


def test_models_without_a_valid_declaration_are_refused(start):
    done = start("-m", "django", "check", "--settings=tests.tenancy.toy.faulty_settings")

    assert done.returncode == 1, done.stdout
    assert "(tenancy.E003) Undeclared stands in the shared tables" in done.stderr
    assert "(tenancy.E004) The `shared_table` of faulty_misdeclared" in done.stderr
    assert "(tenancy.E006) Referring.note refers to Note" in done.stderr
    assert "(tenancy.E007) Undeclared is neither a TenantModel nor a TenantRow" in done.stderr
    assert "(tenancy.E007) Misdeclared is neither a TenantModel nor a TenantRow" in done.stderr
    assert "(tenancy.E008) Upload.elsewhere is no TenantFileField" in done.stderr
    assert "(tenancy.E009) faulty.Upload.unlimited has no max_bytes" in done.stderr
    assert "7 issues" in done.stderr


def test_the_toy_itself_has_no_issues(start):
    done = start("-m", "django", "check", "--settings=tests.tenancy.toy.settings")

    assert done.returncode == 0, done.stderr
